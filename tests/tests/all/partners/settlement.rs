//! The whole story of an engagement: contract, claim, rejection, resubmission, partial acceptance, payable, invoice, payment,
//! statement of account and scorecard.

use serde_json::{Value, json};
use steerco_tests::{Client, Reply, Who, World, scenario};

use crate::all::kernel::bodies::{fresh, unknown};

/// An engagement of 100,000 euros in force that pays the accepted share less 5 %, and its one milestone.
pub(crate) async fn contract(world: &World) -> (String, String) {
    let director = world.client(Who::Director);
    let body = json!({
        "partner_id": world.partner, "program_ids": [world.program], "title": "School", "kind": "milestone",
        "value": {"amount": "100000", "currency": "EUR"}, "retention": 0.05, "payment_rule": "pro_rata",
        "payment_terms_days": 30, "review_deadline_days": 10,
    });
    let id = director.create("engagement", body).await.unwrap().id().to_owned();
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    let milestone = json!({"engagement_id": id, "title": "Shell", "planned_on": "2099-06-30",
        "payment": {"amount": "100000", "currency": "EUR"}});
    let milestone = director.create("milestone", milestone).await.unwrap().id().to_owned();
    (id, milestone)
}

pub(crate) async fn claim(vendor: &Client, milestone: &str, percent: f64) -> Value {
    let body =
        json!({"milestone_id": milestone, "percent": percent, "forecast_on": "2099-06-01", "narrative": "Walls stand"});
    vendor.create("milestone_update", body).await.unwrap().json
}

/// What the director decides on a claim.
pub(crate) async fn decide(world: &World, claim: &Value, verb: &str, body: Value) -> Value {
    let director = world.client(Who::Director);
    let filter = json!({"filter": format!("milestone_update_id = {}", claim["id"])});
    let review = director.list("review", filter).await.unwrap().items()[0].clone();
    let id = review["id"].as_str().unwrap();
    let etag = director.get("review", id).await.unwrap().etag.clone().unwrap();
    director.if_match(&etag).act("review", id, verb, body).await.unwrap().json
}

pub(crate) async fn charge(vendor: &Client, engagement: &str, line: Value) -> Reply {
    let mut body = json!({"engagement_id": engagement, "invoice_type": "invoice", "number": format!("R {}", fresh()),
        "issued_on": "2026-11-30", "currency": "EUR", "lines": [line]});
    body["lines"][0]["description"] = json!("Shell");
    vendor.create("invoice", body).await
}

scenario!(from_the_contract_to_the_scorecard(world) {
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let (engagement, milestone) = contract(&world).await;
    let of_it = json!({"filter": format!("engagement_id = \"{engagement}\"")});

    // Claimed, turned down, claimed again, accepted to 55 %.
    let first = claim(&vendor, &milestone, 0.8).await;
    decide(&world, &first, "reject", json!({"reason": "no protocol"})).await;
    assert_eq!(vendor.list("payable", of_it.clone()).await.unwrap().items().len(), 0, "nothing is payable from a claim");
    let second = claim(&vendor, &milestone, 0.8).await;
    assert_eq!(second["resubmission"], 1);
    decide(&world, &second, "accept_in_part", json!({"percent": 0.55, "reason": "the roof is open"})).await;
    let payable = vendor.list("payable", of_it.clone()).await.unwrap().items()[0].clone();
    assert_eq!((&payable["retained"], &payable["net"]), (&json!("2750.0000"), &json!("52250.0000")), "55000 less 5 %");
    let payable = payable["id"].as_str().unwrap().to_owned();

    // No more is charged than is payable, and of nothing else.
    let over = charge(&vendor, &engagement, json!({"payable_id": payable, "amount": "52250.01"})).await.unwrap_err();
    assert_eq!(over.places(), [("/lines/0/amount", "INSUFFICIENT")]);
    assert!(over.to_string().contains("52250.0000 EUR are left"), "{over}");
    let nothing = charge(&vendor, &engagement, json!({"amount": "1"})).await.unwrap_err();
    assert_eq!(nothing.places(), [("/lines/0/payable_id", "REQUIRED")]);
    let nobody = charge(&vendor, &engagement, json!({"payable_id": unknown("payable"), "amount": "1"})).await.unwrap_err();
    assert_eq!(nobody.places(), [("/lines/0/payable_id", "NOT_FOUND")]);
    let invoice = charge(&vendor, &engagement, json!({"payable_id": payable, "amount": "52250"})).await.unwrap();
    assert_eq!(invoice["due_on"], "2026-12-30");
    let again = charge(&vendor, &engagement, json!({"payable_id": payable, "amount": "0.01"})).await.unwrap_err();
    assert!(again.to_string().contains("0.0000 EUR are left"), "{again}");

    // Approved by a person, paid by finance; payable and milestone follow.
    director.act("invoice", invoice.id(), "approve", json!({})).await.unwrap();
    assert_eq!(vendor.get("milestone", &milestone).await.unwrap()["payment_state"], "invoiced");
    for (amount, day) in [("12250", "2026-12-18"), ("40000", "2026-12-20")] {
        let paid = json!({"amount": amount, "paid_on": day, "document_reference": format!("P {day}")});
        finance.act("invoice", invoice.id(), "record_payment", paid).await.unwrap();
        assert_eq!(vendor.get("payable", &payable).await.unwrap()["paid_on"], day);
    }
    let seen = vendor.get("payable", &payable).await.unwrap();
    assert_eq!((&seen["state"], &seen["paid"]), (&json!("paid"), &json!("52250.0000")));
    assert_eq!(vendor.get("milestone", &milestone).await.unwrap()["payment_state"], "paid");

    // Both sides read the same account.
    let account = vendor.statement_of_account(&engagement).await.unwrap().json;
    assert_eq!(account, director.statement_of_account(&engagement).await.unwrap().json);
    let sums = ["claimed", "earned", "accepted", "retained", "payable", "charged", "paid", "outstanding"];
    let sums = sums.map(|name| account[name].as_str().unwrap());
    assert_eq!(sums, ["80000.0000", "55000.0000", "55000.0000", "2750.0000", "52250.0000", "52250.0000", "52250.0000", "0.0000"]);

    // One claim was refused first: nothing passed at once.
    let card = vendor.scorecard("partner", &world.partner, json!({"until_on": "2099-12-31", "minimum_evidence": 1})).await.unwrap();
    let figures = card["figures"].as_array().unwrap();
    let first_pass = figures.iter().find(|figure| figure["metric"] == "first_pass_acceptance").unwrap();
    assert_eq!((&first_pass["value"], &first_pass["evidence_count"]), (&json!("0"), &json!(1)));
    assert!(card["score"].is_number(), "{card:?}");
    world.verify().await;
});
