//! Payables: made by acceptance and by nothing else, less what is kept back, and taken back by another of them.

use serde_json::json;
use steerco_tests::{Who, scenario};

use crate::all::partners::milestone_update::{Deal, act, row};

scenario!(acceptance_makes_a_payable_and_revoking_takes_it_back(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata", "retention": 0.05}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    assert!(deal.payables(&director).await.is_empty(), "a claim makes none");
    act(&director, &claim, "accept", json!({})).await.unwrap();
    assert_eq!(deal.payables(&director).await, [row("100000.0000", "5000.0000", "95000.0000", "payable")]);
    act(&director, &claim, "revoke", json!({"reason": "it leaks"})).await.unwrap();
    let expected = [
        row("100000.0000", "5000.0000", "95000.0000", "reversed"),
        row("-100000.0000", "-5000.0000", "-95000.0000", "reversed"),
    ];
    assert_eq!(deal.payables(&vendor).await, expected, "both sides see both");
    world.verify().await;
});

scenario!(nobody_makes_or_raises_one(world) {
    let (director, finance, vendor) = (world.client(Who::Director), world.client(Who::Finance), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept", json!({})).await.unwrap();
    let filter = json!({"filter": format!("milestone_id = \"{}\"", deal.milestone)});
    let payable = finance.list("payable", filter).await.unwrap().each("id")[0].to_owned();
    let more = json!({"amount": {"amount": "100001", "currency": "EUR"}, "state": "paid"});
    let refused = finance.update("payable", &payable, more).await.unwrap_err();
    assert!(refused.faults.iter().all(|fault| ["/amount", "/state", "/update_mask"].contains(&&*fault.pointer)), "{refused}");
    let before = finance.update("payable", &payable, json!({"private_notes": "ask for the bond"})).await.unwrap();
    let seen = vendor.get("payable", &payable).await.unwrap();
    assert!(seen.json.get("private_notes").is_none() && seen.json.get("released_by").is_none(), "{}", seen.json);
    assert_eq!(vendor.update("payable", &payable, json!({"labels": {"a": "b"}})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(finance.act("payable", &payable, "release", json!({})).await.unwrap_err().code, "WRONG_STATE", "it is not held");
    assert_eq!(vendor.act("payable", &payable, "release", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    assert_eq!(rival.get("payable", &payable).await.unwrap_err().code, "NOT_FOUND");
    let then = finance.as_of(before.text("updated_at")).get("payable", &payable).await.unwrap();
    assert_eq!(then.json, before.json);
    world.verify().await;
});
