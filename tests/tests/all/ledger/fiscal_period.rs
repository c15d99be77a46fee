//! Fiscal periods: laid out by the calendar, closed with what they come to, reopened by two people.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::ledger::actuals_batch::{Books, coded, id};

scenario!(a_period_is_laid_out_by_the_calendar_of_its_company(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let first = finance.get("fiscal_period", &books.periods[0]).await.unwrap();
    let told = ["name", "starts_on", "ends_on", "state"].map(|name| first[name].as_str().unwrap());
    assert_eq!(told, ["2026-P01", "2026-01-01", "2026-01-31", "open"]);
    let new = async |number: i32| {
        finance.create("fiscal_period", json!({"legal_entity_id": books.entity, "fiscal_year": 2026, "number": number})).await
    };
    assert_eq!(new(1).await.unwrap_err().code, "ALREADY_EXISTS");
    assert_eq!(new(13).await.unwrap_err().places(), [("/number", "OUT_OF_RANGE")], "this calendar has no adjustment periods");
    assert_eq!(new(17).await.unwrap_err().places(), [("/number", "OUT_OF_RANGE")]);
    let second = new(2).await.unwrap();
    assert_eq!(finance.delete("fiscal_period", second.id()).await.unwrap().did(), "deleted");
    world.verify().await;
});

scenario!(it_is_closed_with_what_it_comes_to_and_reopened_by_two(world) {
    let (books, finance, director) =
        (Books::open(&world, "refuse", 1).await, world.client(Who::Finance), world.client(Who::Director));
    let period = books.periods[0].as_str();
    let cost = |amount: &str| coded(&world, crate::all::kernel::bodies::line(&id("cost"), amount, "2026-01-15"));
    finance.post_actuals(books.batch([cost("12.50")], "12.50")).await.unwrap();
    let act = async |who: Who, verb: &str, body: Value| world.client(who).act("fiscal_period", period, verb, body).await;
    assert_eq!(act(Who::Finance, "close", json!({})).await.unwrap_err().code, "WRONG_STATE", "it must be closing first");
    act(Who::Finance, "start_closing", json!({})).await.unwrap();
    finance.post_actuals(books.batch([cost("1")], "1")).await.unwrap_err();
    let closed = act(Who::Finance, "close", json!({})).await.unwrap();
    let totals: Vec<(&str, &str)> = closed["closing_totals"].as_array().unwrap().iter()
        .map(|total| (total["account"].as_str().unwrap(), total["amount"].as_str().unwrap()))
        .collect();
    assert!(totals.iter().any(|(_, amount)| *amount == "12.5000"), "{totals:?}");
    assert_eq!(closed["closed_by"].as_str(), Some(world.id(Who::Finance)));
    assert_eq!(finance.delete("fiscal_period", period).await.unwrap_err().code, "WRONG_STATE");

    assert_eq!(act(Who::Director, "reopen", json!({})).await.unwrap_err().code, "WRONG_STATE", "nobody has asked");
    let refused = act(Who::Finance, "request_reopen", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reason", "REQUIRED")]);
    act(Who::Finance, "request_reopen", json!({"reason": "an invoice was missed"})).await.unwrap();
    assert_eq!(act(Who::Finance, "reopen", json!({})).await.unwrap_err().code, "PERMISSION_DENIED", "not who asked");
    let open = act(Who::Director, "reopen", json!({})).await.unwrap();
    assert_eq!((&open["state"], &open["reopening_reason"]), (&json!("open"), &json!("an invoice was missed")));
    finance.post_actuals(books.batch([cost("1")], "1")).await.unwrap();
    let then = director.as_of(closed.text("updated_at")).get("fiscal_period", period).await.unwrap();
    assert_eq!(then.json, closed.json, "as it was closed");
    world.verify().await;
});
