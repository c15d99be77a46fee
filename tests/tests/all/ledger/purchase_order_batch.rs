//! Batches of purchase orders: against their control totals, under the budget, answered once.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::line;
use crate::all::kernel::hostile_values::values;
use crate::all::ledger::actuals_batch::id;
use crate::all::ledger::commitment::{Books, euros, step};

/// A line of an order of the first program; without an amount where it is empty.
pub(crate) fn order_line(world: &World, action: &str, number: &str, amount: &str) -> Value {
    let mut line = json!({"action": action, "purchase_order_reference": number, "purchase_order_line": "10"});
    if !amount.is_empty() {
        line["amount"] = json!({"amount": amount, "currency": "EUR"});
    }
    if ["request", "commit"].contains(&action) {
        line["program_id"] = json!(world.program);
        line["title"] = json!("Steel");
        line["ordered_on"] = json!("2026-01-15");
    }
    if ["amend", "cancel"].contains(&action) {
        line["reason"] = json!("the scope changed");
    }
    line
}

pub(crate) fn order_batch(books: &Books, lines: impl Into<Vec<Value>>, total: &str) -> Value {
    let lines: Vec<Value> = lines.into();
    json!({
        "source": World::SOURCE, "batch_ref": id("po"), "legal_entity_id": books.entity,
        "control": {"count": lines.len(), "totals": [{"amount": total, "currency": "EUR"}]}, "lines": lines,
    })
}

fn told<'a>(taken: &'a Value, member: &str) -> Vec<&'a str> {
    taken["results"].as_array().unwrap().iter().map(|result| result[member].as_str().unwrap_or_default()).collect()
}

async fn commitments(finance: &Client, books: &Books) -> usize {
    let filter = json!({"filter": format!("legal_entity_id = \"{}\"", books.entity)});
    finance.list_all("commitment", filter).await.unwrap().len()
}

scenario!(orders_are_taken_over_whole_and_answered_once(world) {
    let (books, finance) = (Books::open(&world, "stop").await, world.client(Who::Finance));
    let (a, b) = (id("PO"), id("PO"));
    let lines = [
        order_line(&world, "request", &a, "50.00"), order_line(&world, "commit", &b, "30.00"),
        order_line(&world, "commit", &a, "40.00"), order_line(&world, "amend", &b, "35.00"),
    ];
    let batch = order_batch(&books, lines, "155.00");
    let dry = finance.validate_only().post_purchase_orders(batch.clone()).await.unwrap();
    assert_eq!((told(&dry.json, "status"), commitments(&finance, &books).await), (vec!["applied"; 4], 0), "a dry run");
    let taken = finance.post_purchase_orders(batch.clone()).await.unwrap();
    assert_eq!((taken.did(), told(&taken.json, "status")), ("created", vec!["applied"; 4]));
    assert_eq!(euros(&world).await, ["75", "0", "25"]);
    let mut other = order_line(&world, "commit", &a, "40.00");
    other["engagement_id"] = json!(crate::all::kernel::bodies::unknown("engagement"));
    let refused = finance.post_purchase_orders(order_batch(&books, [other], "40.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "DOES_NOT_FIT")], "an order stays with its engagement: {refused}");
    let stored = &taken["purchase_order_batch"];
    assert_eq!((&stored["line_count"], &stored["outcomes"][0]["totals"][0]["amount"]), (&json!(4), &json!("155.0000")));
    let of_b = finance.get("commitment", taken["results"][1]["commitment_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&of_b["committed"], &of_b["requested"]["amount"]), (&json!("35.0000"), &json!("30.0000")));
    assert_eq!((&of_b["fiscal_period_id"], &of_b["revision"]), (&json!(books.periods[0]), &json!(1)));

    let again = finance.post_purchase_orders(batch.clone()).await.unwrap();
    assert_eq!((again.did(), &again.json), ("unchanged", &taken.json), "the first answer, for ever");
    let mut other = batch.clone();
    other["lines"][0]["amount"]["amount"] = json!("51.00");
    assert_eq!(finance.post_purchase_orders(other).await.unwrap_err().code, "ALREADY_EXISTS");
    // The same under another name changes nothing: what stands already is told so.
    let lines = [order_line(&world, "commit", &a, "40.00"), order_line(&world, "amend", &b, "35.00")];
    let same = finance.post_purchase_orders(order_batch(&books, lines, "75.00")).await.unwrap();
    assert_eq!(told(&same.json, "status"), ["unchanged"; 2]);

    // The last invoice and a cancellation let go what is open.
    step(&finance, of_b.id(), "invoice", "20.00").await.unwrap();
    let lines = [order_line(&world, "final_invoice", &b, ""), order_line(&world, "cancel", &a, "")];
    let mut ends = order_batch(&books, lines, "0");
    ends["control"]["totals"] = json!([]);
    let ended = finance.post_purchase_orders(ends).await.unwrap();
    assert_eq!((told(&ended.json, "status"), euros(&world).await), (vec!["applied"; 2], ["0", "0", "100"].map(str::to_owned)));
    assert_eq!(finance.get("commitment", of_b.id()).await.unwrap()["final_invoice"], true);

    let batch_id = stored["id"].as_str().unwrap();
    let page = finance.purchase_order_results(batch_id, json!({"page_size": 3})).await.unwrap();
    assert_eq!((page.items().len(), &page["more_after_line"]), (3, &json!(3)));
    let rest = finance.purchase_order_results(batch_id, json!({"after_line": 3})).await.unwrap();
    assert_eq!((rest.items()[0]["line"].clone(), rest["more_after_line"].clone()), (json!(4), Value::Null));
    world.verify().await;
});

scenario!(what_does_not_fit_refuses_the_batch(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let number = id("PO");
    let good = order_batch(&books, [order_line(&world, "commit", &number, "10.00")], "10.00");
    for (control, place) in [
        (json!({"count": 2, "totals": [{"amount": "10", "currency": "EUR"}]}), "/control/count"),
        (json!({"count": 1, "totals": [{"amount": "10.0001", "currency": "EUR"}]}), "/control/totals/0/amount"),
        (json!({"count": 1, "totals": []}), "/control/totals"),
    ] {
        let mut bad = good.clone();
        bad["control"] = control;
        assert_eq!(finance.post_purchase_orders(bad).await.unwrap_err().places(), [(place, "CONTROL_TOTAL")]);
    }
    finance.post_purchase_orders(good.clone()).await.unwrap();

    let mut lost = order_line(&world, "commit", &id("PO"), "1.00");
    lost["program_id"] = json!(crate::all::kernel::bodies::unknown("program"));
    let mut bare = order_line(&world, "commit", &id("PO"), "1.00");
    bare.as_object_mut().unwrap().remove("title");
    let mut late = order_line(&world, "commit", &id("PO"), "1.00");
    late["ordered_on"] = json!("2031-01-01");
    let mut dollars = order_line(&world, "amend", &number, "1.00");
    dollars["amount"]["currency"] = json!("USD");
    let lines = [
        lost, bare, late, order_line(&world, "amend", &id("PO"), "1.00"), order_line(&world, "commit", &number, "11.00"),
        dollars, order_line(&world, "commit", &id("PO"), "2.00"),
    ];
    let mut mixed = order_batch(&books, lines, "17.00");
    mixed["control"]["totals"].as_array_mut().unwrap().push(json!({"amount": "1", "currency": "USD"}));
    let refused = finance.post_purchase_orders(mixed.clone()).await.unwrap_err();
    let wanted = [
        ("/lines/0", "NOT_FOUND"), ("/lines/1", "REQUIRED"), ("/lines/2", "NO_PERIOD"), ("/lines/3", "NOT_FOUND"),
        ("/lines/4", "ALREADY_EXISTS"), ("/lines/5", "DOES_NOT_FIT"),
    ];
    assert_eq!((refused.places(), commitments(&finance, &books).await), (wanted.to_vec(), 1));
    mixed["partial"] = json!(true);
    let taken = finance.post_purchase_orders(mixed).await.unwrap();
    assert_eq!(told(&taken.json, "status"), [vec!["rejected"; 6], vec!["applied"]].concat());
    let stored = taken["purchase_order_batch"]["id"].as_str().unwrap();
    let stored = finance.purchase_order_results(stored, json!({})).await.unwrap();
    assert_eq!(stored["results"], taken["results"], "told again as it was told first");

    let mut shapes = Vec::new();
    for (action, member, value, place, code) in [
        ("commit", "amount", Value::Null, "/lines/0/amount", "REQUIRED"),
        ("commit", "amount", json!({"amount": "0", "currency": "EUR"}), "/lines/0/amount/amount", "OUT_OF_RANGE"),
        ("amend", "reason", Value::Null, "/lines/0/reason", "REQUIRED"),
        ("final_invoice", "amount", json!({"amount": "1", "currency": "EUR"}), "/lines/0/amount", "DOES_NOT_FIT"),
        ("cancel", "project_id", json!(crate::all::kernel::bodies::unknown("project")), "/lines/0/project_id", "DOES_NOT_FIT"),
    ] {
        let mut line = order_line(&world, action, &number, "1.00");
        if ["final_invoice", "cancel"].contains(&action) {
            line.as_object_mut().unwrap().remove("amount");
        }
        line[member] = value;
        if line["amount"].is_null() {
            line.as_object_mut().unwrap().remove("amount");
        }
        if line["reason"].is_null() {
            line.as_object_mut().unwrap().remove("reason");
        }
        shapes.push((order_batch(&books, [line], "1.00"), place, code));
    }
    for (batch, place, code) in shapes {
        let refused = finance.post_purchase_orders(batch).await.unwrap_err();
        assert!(refused.places().contains(&(place, code)), "{place}: {refused}");
    }
    for who in [Who::Director, Who::ProgramManager, Who::Integration, Who::Vendor, Who::Auditor] {
        let refused = world.client(who).post_purchase_orders(good.clone()).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    world.verify().await;
});

scenario!(the_budget_holds_for_each_order_and_for_all(world) {
    let (books, finance) = (Books::open(&world, "stop").await, world.client(Who::Finance));
    let (a, b) = (id("PO"), id("PO"));
    let two = || [order_line(&world, "commit", &a, "60.00"), order_line(&world, "commit", &b, "60.00")];
    let refused = finance.post_purchase_orders(order_batch(&books, two(), "120.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/1", "OVER_BUDGET")]);
    assert!(refused.faults[0].detail.contains("40.0000 EUR"), "{refused}");
    let mut over = order_batch(&books, two(), "120.00");
    over["override_reason"] = json!("the tender ends today");
    let taken = finance.post_purchase_orders(over).await.unwrap();
    let flags: Vec<_> = taken["results"].as_array().unwrap().iter().map(|result| result["over_budget"].clone()).collect();
    assert_eq!((flags, &taken["purchase_order_batch"]["over_budget_count"]), (vec![json!(false), json!(true)], &json!(1)));
    let it = finance.get("commitment", taken["results"][1]["commitment_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&it["over_budget"], &it["override_reason"]), (&json!(true), &json!("the tender ends today")));
    // Less is never stopped, and what one line lets go is there for the next.
    let lines = [order_line(&world, "amend", &a, "20.00"), order_line(&world, "commit", &id("PO"), "20.00")];
    let taken = finance.post_purchase_orders(order_batch(&books, lines, "40.00")).await.unwrap();
    assert_eq!((told(&taken.json, "status"), euros(&world).await), (vec!["applied"; 2], ["100", "0", "0"].map(str::to_owned)));
    finance.update("legal_entity", &books.entity, json!({"budget_control": "warn"})).await.unwrap();
    let warned = order_batch(&books, [order_line(&world, "commit", &id("PO"), "1.00")], "1.00");
    assert_eq!(finance.post_purchase_orders(warned).await.unwrap()["results"][0]["over_budget"], true);
    let control = json!({"budget_control": null, "request_control": "stop"});
    finance.update("legal_entity", &books.entity, control).await.unwrap();
    let asked = order_batch(&books, [order_line(&world, "request", &id("PO"), "1.00")], "1.00");
    assert_eq!(finance.post_purchase_orders(asked).await.unwrap_err().places(), [("/lines/0", "OVER_BUDGET")]);
    world.verify().await;
});

rest_scenario!(hostile_lines_are_refused_at_their_place(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let members = [
        "action", "purchase_order_reference", "purchase_order_line", "amount", "program_id", "fiscal_period_id",
        "ordered_on", "project_id", "cost_category_id", "spend", "engagement_id", "title", "reason", "else",
    ];
    let costs = [
        "external_id", "purchase_order_reference", "purchase_order_line", "invoice_reference", "local_amount",
        "group_amount", "else",
    ];
    let (mut refused, mut taken) = (0, 0);
    for value in values().into_iter().step_by(3) {
        for member in members {
            let mut line = order_line(&world, "commit", &id("PO"), "1.00");
            line[member] = value.clone();
            let done = finance.validate_only().post_purchase_orders(order_batch(&books, [line], "1.00")).await;
            match done {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert!(error.status < 500, "{member} {value}: {error}");
                    refused += 1;
                }
            }
        }
        for member in costs {
            let mut line = line(&id("h"), "1.00", "2026-01-15");
            line[member] = value.clone();
            let sent = crate::all::ledger::order_invoice::batch(&books, [line], "1.00");
            if let Err(error) = finance.validate_only().post_actuals(sent).await {
                assert!(error.status < 500, "{member} {value}: {error}");
            }
        }
    }
    assert!(refused > 100 && taken > 10, "{refused} {taken}");
    assert_eq!(commitments(&finance, &books).await, 0);
});
