//! Payables: made by acceptance and by nothing else, less what is kept back, and taken back by another of them.

use serde_json::json;
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::fresh;
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

scenario!(
/// 55 % of 101 yen are 56 yen and not 55.55: there is no smaller coin. The rest is what the whole leaves, retention alike.
what_is_payable_can_be_paid(world) {
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let yen = |amount: &str| json!({"amount": amount, "currency": "JPY"});
    let terms = json!({"payment_rule": "pro_rata", "retention": 0.05, "value": yen("101"), "retention_release_on": "2026-01-01"});
    let deal = Deal::strike(&world, terms, json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept_in_part", json!({"percent": 0.55, "reason": "no roof"})).await.unwrap();
    let first = row("56.0000", "3.0000", "53.0000", "payable");
    assert_eq!(deal.payables(&vendor).await, std::slice::from_ref(&first));
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept", json!({})).await.unwrap();
    let rest = row("45.0000", "2.0000", "43.0000", "payable");
    assert_eq!(deal.payables(&vendor).await, [first, rest], "101 in all, 5 of them retained");

    let filter = json!({"filter": format!("milestone_id = \"{}\"", deal.milestone), "order_by": "id"});
    let payable = vendor.list_all("payable", filter).await.unwrap()[0]["id"].clone();
    let charge = async |amount: &str, tax: &str| {
        let line = json!({"description": "Roof", "payable_id": payable, "amount": amount, "tax": tax});
        let body = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": format!("R {}", fresh()),
            "issued_on": "2026-11-30", "currency": "JPY", "lines": [line]});
        vendor.create("invoice", body).await
    };
    let fine = charge("52.5", "5.3").await.unwrap_err();
    assert_eq!(fine.places(), [("/lines/0/amount", "TOO_PRECISE"), ("/lines/0/tax", "TOO_PRECISE")]);
    assert!(fine.to_string().contains("must be a whole number of JPY"), "{fine}");
    let invoice = charge("53", "5").await.unwrap();
    director.act("invoice", invoice.id(), "approve", json!({})).await.unwrap();
    let pay = async |amount: &str| {
        let paid = json!({"amount": amount, "paid_on": "2026-12-20", "document_reference": format!("P {}", fresh())});
        finance.act("invoice", invoice.id(), "record_payment", paid).await
    };
    assert_eq!(pay("20.5").await.unwrap_err().places(), [("/amount", "TOO_PRECISE")]);
    pay("20").await.unwrap();
    let seen = vendor.get("payable", payable.as_str().unwrap()).await.unwrap();
    assert_eq!((&seen["paid"], &seen["state"]), (&json!("18.0000"), &json!("invoiced")), "20 of 58 are 18.28 of 53");
    pay("38").await.unwrap();
    let seen = vendor.get("payable", payable.as_str().unwrap()).await.unwrap();
    assert_eq!((&seen["paid"], &seen["state"]), (&json!("53.0000"), &json!("paid")));

    let release = |amount: &str| json!({"engagement_id": deal.engagement, "amount": yen(amount), "reason": "certificate"});
    assert_eq!(director.create("retention_release", release("4.5")).await.unwrap_err().places(), [("/amount/amount", "TOO_PRECISE")]);
    director.create("retention_release", release("5")).await.unwrap();
    let body = json!({"partner_id": world.partner, "program_ids": [world.program], "title": "x", "kind": "milestone",
        "value": yen("101.5")});
    assert_eq!(director.create("engagement", body).await.unwrap_err().places(), [("/value/amount", "TOO_PRECISE")]);
    let milestone = json!({"engagement_id": deal.engagement, "title": "x", "payment": yen("0.5")});
    assert!(director.create("milestone", milestone).await.unwrap_err().places().contains(&("/payment/amount", "TOO_PRECISE")));
    world.verify().await;
});

scenario!(
/// A quarter of 102 yen is 25.5 yen: four of them are paid 102 yen all the same.
shares_of_a_value_sum_to_it(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let terms = json!({"value": {"amount": "102", "currency": "JPY"}});
    let quarter = json!({"payment_share": 0.25});
    let first = Deal::strike(&world, terms, quarter.clone()).await;
    let mut deals = vec![first];
    for _ in 0..3 {
        let mut body = json!({"engagement_id": deals[0].engagement, "title": "Roof", "planned_on": "2026-11-30"});
        body["payment_share"] = quarter["payment_share"].clone();
        let milestone = director.create("milestone", body).await.unwrap().id().to_owned();
        deals.push(Deal { engagement: deals[0].engagement.clone(), milestone });
    }
    let mut amounts = Vec::new();
    for deal in deals.iter().rev() {
        let claim = deal.claim(&vendor, json!({})).await.unwrap();
        act(&director, &claim, "accept", json!({})).await.unwrap();
        amounts.push(deal.payables(&vendor).await[0].0.clone());
    }
    assert_eq!(amounts, ["26.0000", "25.0000", "25.0000", "26.0000"]);
    let account = vendor.statement_of_account(&deals[0].engagement).await.unwrap();
    assert_eq!((&account["earned"], &account["payable"]), (&json!("102.0000"), &json!("102.0000")));
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
