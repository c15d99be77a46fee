//! What is promised of batches, counted: one name, one effect; all or nothing against the control totals.

use futures::future::join_all;
use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::line;
use crate::all::ledger::actuals_batch::id;
use crate::all::ledger::commitment::{Books, euros};
use crate::all::ledger::order_invoice::batch;
use crate::all::ledger::purchase_order_batch::{order_batch, order_line};

/// Batches of a counted test, and every how many are wrong.
const BATCHES: usize = 200;
const WRONG: usize = 5;

/// A batch of three lines that come to three euros; every fifth says otherwise, each time in another way.
fn maybe_wrong(mut good: Value, n: usize) -> (Value, bool) {
    if !n.is_multiple_of(WRONG) {
        return (good, false);
    }
    let control = &mut good["control"];
    match n / WRONG % 4 {
        0 => control["count"] = json!(4),
        1 => control["totals"][0]["amount"] = json!("3.01"),
        2 => control["totals"][0]["currency"] = json!("USD"),
        _ => control["totals"] = json!([{"amount": "3", "currency": "EUR", "debits": "4", "credits": "1"}]),
    }
    (good, true)
}

scenario!(r4_of_actuals_all_or_nothing(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let mut good = 0;
    for n in 0..BATCHES {
        let lines: Vec<Value> = (0..3)
            .map(|_| {
                let mut line = line(&id("l"), "1.00", "2026-01-15");
                line["program_id"] = json!(world.program);
                line
            })
            .collect();
        let (sent, wrong) = maybe_wrong(batch(&books, lines, "3.00"), n);
        match finance.post_actuals(sent).await {
            Ok(_) if !wrong => good += 1,
            Err(refused) if wrong => assert!(refused.faults.iter().all(|fault| fault.code == "CONTROL_TOTAL"), "{refused}"),
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(good, BATCHES - BATCHES / WRONG);
    let filter = format!("legal_entity_id = \"{}\" and entry_type = \"actual\"", books.entity);
    let posted = finance.list("ledger_entry", json!({"filter": filter, "include_total": true, "page_size": 1})).await.unwrap();
    assert_eq!(posted["total"], (good * 3).to_string(), "of a refused batch nothing is posted");
    world.verify().await;
});

scenario!(r4_of_orders_all_or_nothing(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let mut good = 0;
    for n in 0..BATCHES {
        let lines: Vec<Value> = (0..3).map(|_| order_line(&world, "commit", &id("PO"), "1.00")).collect();
        let (sent, wrong) = maybe_wrong(order_batch(&books, lines, "3.00"), n);
        match finance.post_purchase_orders(sent).await {
            Ok(_) if !wrong => good += 1,
            Err(refused) if wrong => assert!(refused.faults.iter().all(|fault| fault.code == "CONTROL_TOTAL"), "{refused}"),
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(good, BATCHES - BATCHES / WRONG);
    assert_eq!(euros(&world).await[0], (good * 3).to_string());
    world.verify().await;
});

// The same batch from many sides at once, and then the same with other lines.
scenario!(r2_one_name_one_effect(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let number = id("PO");
    let orders = order_batch(&books, [order_line(&world, "commit", &number, "64.00")], "64.00");
    let taken = join_all((0..64).map(|_| finance.post_purchase_orders(orders.clone()))).await;
    let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
    assert_eq!(taken.iter().filter(|taken| taken.did() == "created").count(), 1);
    assert!(taken.iter().all(|one| one.json == taken[0].json), "one answer");
    let mut cost = line(&id("c"), "10.00", "2026-01-15");
    cost["purchase_order_reference"] = json!(number);
    cost["purchase_order_line"] = json!("10");
    let costs = batch(&books, [cost], "10.00");
    let posted = join_all((0..64).map(|_| finance.post_actuals(costs.clone()))).await;
    let posted: Vec<_> = posted.into_iter().map(Result::unwrap).collect();
    assert_eq!(posted.iter().filter(|posted| posted.did() == "created").count(), 1);
    assert!(posted.iter().all(|one| one.json == posted[0].json), "one answer");
    assert_eq!(euros(&world).await, ["54", "0", "36"], "one effect");
    // One key, one effect; and another body is refused.
    let keyed = finance.key(&id("key"));
    let lines = [order_line(&world, "commit", &id("PO"), "1.00")];
    let sent = order_batch(&books, lines, "1.00");
    let (first, again) = (keyed.post_purchase_orders(sent.clone()).await.unwrap(), keyed.post_purchase_orders(sent).await.unwrap());
    assert_eq!((first.replayed, again.replayed, &again.json), (false, true, &first.json));
    let mut other = order_batch(&books, [], "0");
    other["control"]["totals"] = json!([]);
    assert_eq!(keyed.post_purchase_orders(other).await.unwrap_err().code, "IDEMPOTENCY_KEY_REUSED");
    world.verify().await;
});
