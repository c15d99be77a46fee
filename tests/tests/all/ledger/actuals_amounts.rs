//! Amounts that the ledger system sends beside those of the transaction, and corrections of what was moved.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::kernel::bodies::line;
use crate::all::ledger::actuals_batch::{Books, coded, id, statuses, totals};

fn money(amount: &str, currency: &str) -> Value {
    json!({"amount": amount, "currency": currency})
}

/// A cost in dollars with what the ledger system made of it.
fn dollars(world: &World, amount: &str, local: &str, group: &str) -> Value {
    let mut line = coded(world, line(&id("usd"), amount, "2026-01-15"));
    line["amount"]["currency"] = json!("USD");
    line["local_amount"] = money(local, "EUR");
    line["group_amount"] = money(group, "GBP");
    line
}

scenario!(amounts_of_the_ledger_system_are_kept(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let lines = [dollars(&world, "100.00", "91.23", "78.01"), dollars(&world, "-10.00", "-9.12", "-7.80")];
    let mut batch = books.batch(lines, "0");
    batch["control"] = json!({
        "count": 2, "totals": [money("90", "USD")],
        "local_totals": [{"amount": "82.11", "currency": "EUR", "debits": "91.23", "credits": "9.12"}],
        "group_totals": [money("70.21", "GBP")],
    });
    for (name, wrong, pointers) in [
        ("local_totals", json!([money("82.12", "EUR")]), vec!["/control/local_totals/0/amount"]),
        ("group_totals", json!([money("70.21", "CHF")]), vec!["/control/group_totals/0/amount", "/control/group_totals"]),
    ] {
        let mut bad = batch.clone();
        bad["control"][name] = wrong;
        let refused = finance.post_actuals(bad).await.unwrap_err();
        assert_eq!(refused.places().into_iter().map(|(place, _)| place).collect::<Vec<_>>(), pointers, "{refused}");
    }
    let posted = finance.post_actuals(batch.clone()).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted", "posted"]);
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&entry["amount"], &entry["local_amount"]), (&money("100.0000", "USD"), &money("91.2300", "EUR")));
    assert_eq!(entry["group_amount"], money("78.0100", "GBP"));
    let filter = json!({"filter": "local_amount.amount < -9 and group_amount.currency = \"GBP\""});
    assert_eq!(finance.list("ledger_entry", filter).await.unwrap().items().len(), 1);

    // The amounts are part of what was sent: the same line with another is a correction, and its way back has the first.
    let mut line = batch["lines"][0].clone();
    line["local_amount"]["amount"] = json!("91.24");
    let mut other = books.batch([line], "0");
    other["control"]["totals"] = json!([money("100", "USD")]);
    assert_eq!(finance.post_actuals(other.clone()).await.unwrap_err().places(), [("/lines/0", "CHANGED")]);
    other["corrections"] = json!(true);
    let posted = finance.post_actuals(other).await.unwrap();
    let corrected = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(corrected["local_amount"]["amount"], "91.2400");
    let filter = format!("reverses_id = {}", corrected["corrects_id"]);
    let reversal = finance.list("ledger_entry", json!({"filter": filter})).await.unwrap();
    assert_eq!(reversal.items()[0]["local_amount"]["amount"], "91.2300");
    world.verify().await;
});

scenario!(amounts_that_do_not_fit_are_told(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut lines = Vec::new();
    for (name, amount) in [
        ("local_amount", money("-91.23", "EUR")), // another sign
        ("group_amount", money("100.01", "USD")), // the same currency, another amount
        ("local_amount", money("1e2", "EUR")),
        ("local_amount", money("1.00001", "EUR")),
        ("group_amount", money("1", "ZZZ")),
        ("group_amount", json!({"amount": "1"})),
    ] {
        let mut line = dollars(&world, "100.00", "91.23", "78.01");
        line[name] = amount;
        lines.push(line);
    }
    let batch = |lines: Vec<Value>| {
        let mut batch = books.batch(lines.clone(), "0");
        batch["control"]["totals"] = json!([money(&format!("{}00.00", lines.len()), "USD")]);
        batch
    };
    for (i, line) in lines.into_iter().enumerate() {
        let refused = finance.post_actuals(batch(vec![line])).await.unwrap_err();
        assert!(refused.faults.iter().all(|fault| fault.pointer.starts_with("/lines/0/")), "{i}: {refused}");
        assert_eq!(refused.code, "INVALID_ARGUMENT", "{i}");
    }
    // The books are in euros.
    let mut foreign = dollars(&world, "100.00", "91.23", "78.01");
    foreign["local_amount"]["currency"] = json!("CHF");
    let refused = finance.post_actuals(batch(vec![foreign])).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "DOES_NOT_FIT")]);
    assert_eq!(totals(&finance, &books).await, (0, 0, 0));
});

scenario!(a_cost_that_was_moved_is_corrected_to_the_cent(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let (code, name) = (id("MOVED"), id("m"));
    let mut waiting = line(&name, "5.00", "2026-01-15");
    waiting["cost_code"] = json!(code);
    finance.post_actuals(books.batch([waiting.clone()], "5.00")).await.unwrap();
    finance.create("coding_rule", json!({"cost_code": code, "program_id": world.program})).await.unwrap();
    let act = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": books.entity});
    finance.reclassify_actuals(act).await.unwrap();
    assert_eq!(totals(&finance, &books).await, (50_000, 0, -50_000));
    waiting["amount"]["amount"] = json!("7.00");
    let mut correcting = books.batch([waiting], "7.00");
    correcting["corrections"] = json!(true);
    assert_eq!(statuses(&finance.post_actuals(correcting).await.unwrap().json), ["corrected"]);
    assert_eq!(totals(&finance, &books).await, (70_000, 0, -70_000), "nothing of it is left in suspense");
    world.verify().await;
});
