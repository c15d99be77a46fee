//! Budget transfers: money that moves within what is approved, by two people and within authority.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, scenario};

use crate::all::ledger::budget::{Books, euros, faults};

scenario!(money_moves_within_authority_and_what_is_there(world) {
    let (books, admin) = (Books::open(&world).await, world.client(Who::Admin));
    let (manager, director, finance) = (world.client(Who::ProgramManager), world.client(Who::Director), world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "200.00"), books.reserve(1, "50.00")]).await;
    for (role, limit) in [("program_manager", "10"), ("finance", "1000")] {
        let limit = json!({"role": role, "act": "budget_transfer", "limit": {"amount": limit, "currency": "EUR"}});
        admin.create("authority_limit", limit).await.unwrap();
    }
    let ask = async |caller: &Client, body: Value| caller.create("budget_transfer", body).await.unwrap().id().to_owned();
    let small = ask(&director, books.transfer(&world, 0, 1, "10.00")).await;
    let large = ask(&director, books.transfer(&world, 0, 1, "10.01")).await;
    assert_eq!(director.if_match("*").act("budget_transfer", &small, "approve", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let blind = manager.act("budget_transfer", &small, "approve", json!({})).await.unwrap_err();
    assert_eq!(blind.code, "ETAG_REQUIRED", "who signs has read it");
    let done = manager.if_match("*").act("budget_transfer", &small, "approve", json!({})).await.unwrap();
    assert_eq!((&done["state"], &done["entry_count"]), (&json!("approved"), &json!(2)));
    let refused = manager.if_match("*").act("budget_transfer", &large, "approve", json!({})).await.unwrap_err();
    assert_eq!((refused.code.as_str(), faults(&refused)), ("PERMISSION_DENIED", vec![("/amount", "BEYOND_AUTHORITY")]));
    finance.if_match("*").act("budget_transfer", &large, "approve", json!({})).await.unwrap();
    assert_eq!(finance.if_match("*").act("budget_transfer", &large, "approve", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let much = ask(&director, books.transfer(&world, 0, 2, "80.00")).await;
    let refused = finance.if_match("*").act("budget_transfer", &much, "approve", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/amount/amount", "INSUFFICIENT")], "79.99 are left");
    let by_period = json!({"group_by": "fiscal_period"});
    let groups = finance.financials("program", &world.program, by_period).await.unwrap()["groups"].clone();
    let told: Vec<_> = groups.as_array().unwrap().iter()
        .map(|group| (group["key"].as_str().unwrap(), group["totals"][0]["approved"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(books.periods[0].as_str(), "79.9900"), (books.periods[1].as_str(), "220.0100")]);

    // Contingency is drawn against a risk.
    let mut draw = books.transfer(&world, 1, 1, "20.00");
    draw["transfer_type"] = json!("contingency_drawdown");
    draw["from_place"] = json!({"fiscal_period_id": books.periods[1]});
    let refused = director.create("budget_transfer", draw.clone()).await.unwrap_err();
    assert_eq!(faults(&refused), [("/risk_id", "REQUIRED")]);
    draw["risk_id"] = json!(world.risk("Flood").await);
    let draw = ask(&director, draw).await;
    manager.if_match("*").act("budget_transfer", &draw, "approve", json!({})).await.unwrap();
    assert_eq!(euros(&finance, "program", &world.program, json!({})).await, ["320.0000", "30.0000", "0.0000", "320.0000"]);
    let taken_back = ask(&director, books.transfer(&world, 1, 0, "1.00")).await;
    director.if_match("*").act("budget_transfer", &taken_back, "withdraw", json!({})).await.unwrap();
    let same = director.create("budget_transfer", books.transfer(&world, 1, 1, "1.00")).await.unwrap_err();
    assert_eq!(faults(&same), [("/to_place", "DOES_NOT_FIT")]);
    world.verify().await;
});

scenario!(a_decided_transfer_is_frozen_and_leaves_what_it_did(world) {
    let (books, director, finance) = (Books::open(&world).await, world.client(Who::Director), world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "50.00")]).await;
    let refused = director.create("budget_transfer", books.transfer(&world, 0, 1, "0")).await.unwrap_err();
    assert_eq!(faults(&refused), [("/amount/amount", "OUT_OF_RANGE")]);
    let asked = director.create("budget_transfer", books.transfer(&world, 0, 1, "10")).await.unwrap();
    assert_eq!((asked["requested_by"].as_str(), &asked["entry_count"]), (Some(world.id(Who::Director)), &json!(0)));
    let tools = world.client(Who::Integration).act("budget_transfer", asked.id(), "approve", json!({})).await.unwrap_err();
    assert_eq!(tools.code, "PERMISSION_DENIED");
    let reason = json!({"reason": "not now"});
    let rejected = finance.if_match("*").act("budget_transfer", asked.id(), "reject", reason).await.unwrap();
    assert_eq!((&rejected["state"], &rejected["entry_count"]), (&json!("rejected"), &json!(0)));
    let refused = director.if_match("*").update("budget_transfer", asked.id(), json!({"reason": "please"})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/reason", "FROZEN")]);
    let done = director.create("budget_transfer", books.transfer(&world, 0, 1, "10")).await.unwrap();
    finance.if_match("*").act("budget_transfer", done.id(), "approve", json!({})).await.unwrap();
    assert_eq!(director.delete("budget_transfer", done.id()).await.unwrap_err().code, "WRONG_STATE");
    director.delete("budget_transfer", asked.id()).await.unwrap();
    assert_eq!(euros(&finance, "program", &world.program, json!({})).await[0], "150.0000", "the whole stays the same");
    world.verify().await;
});
