//! Retention releases: what was kept back of payables is let go of by two people, when the contract says so.

use serde_json::json;
use steerco_tests::{Who, scenario};

use crate::all::partners::settlement::{charge, claim, contract, decide};

scenario!(what_was_kept_back_is_released_by_an_approved_act(world) {
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let (engagement, milestone) = contract(&world).await;
    let made = claim(&vendor, &milestone, 1.0).await;
    decide(&world, &made, "accept", json!({})).await;
    let release = async |amount: &str| {
        let body = json!({"engagement_id": engagement, "reason": "certificate 7", "amount": {"amount": amount, "currency": "EUR"}});
        director.create("retention_release", body).await.unwrap().id().to_owned()
    };
    let approve = async |id: &str| finance.act("retention_release", id, "approve", json!({})).await;
    let whole = release("5000").await;
    assert_eq!(approve(&whole).await.unwrap_err().code, "WRONG_STATE", "the engagement is not over, and names no day");
    director.update("engagement", &engagement, json!({"retention_release_on": "2099-01-01"})).await.unwrap();
    assert!(approve(&whole).await.unwrap_err().to_string().contains("2099-01-01"));
    director.update("engagement", &engagement, json!({"retention_release_on": "2026-01-01"})).await.unwrap();
    let own = director.act("retention_release", &whole, "approve", json!({})).await.unwrap_err();
    assert_eq!(own.code, "PERMISSION_DENIED", "who asked for it does not approve it");
    let early = charge(&vendor, &engagement, json!({"retention_release_id": whole, "amount": "5000"})).await.unwrap_err();
    assert_eq!(early.places(), [("/lines/0/retention_release_id", "NOT_FOUND")]);
    let too_much = release("5000.01").await;
    assert_eq!(approve(&too_much).await.unwrap_err().places(), [("/amount/amount", "INSUFFICIENT")]);
    approve(&whole).await.unwrap();
    let more = release("0.01").await;
    assert_eq!(approve(&more).await.unwrap_err().places(), [("/amount/amount", "INSUFFICIENT")]);
    let over = charge(&vendor, &engagement, json!({"retention_release_id": whole, "amount": "5000.01"})).await.unwrap_err();
    assert_eq!(over.places(), [("/lines/0/amount", "INSUFFICIENT")]);
    charge(&vendor, &engagement, json!({"retention_release_id": whole, "amount": "5000"})).await.unwrap();
    let account = vendor.statement_of_account(&engagement).await.unwrap();
    let sums = ["retained", "retention_released", "payable"].map(|name| account[name].as_str().unwrap());
    assert_eq!(sums, ["5000.0000", "5000.0000", "95000.0000"]);
    world.verify().await;
});

scenario!(a_decided_release_stays(world) {
    let (director, finance, vendor) = (world.client(Who::Director), world.client(Who::Finance), world.client(Who::Vendor));
    let (engagement, _) = contract(&world).await;
    let body = |amount: &str| {
        json!({"engagement_id": engagement, "reason": "certificate", "amount": {"amount": amount, "currency": "EUR"}})
    };
    let refused = director.create("retention_release", body("0")).await.unwrap_err();
    assert_eq!(refused.places(), [("/amount/amount", "OUT_OF_RANGE")]);
    let asked = director.create("retention_release", body("1")).await.unwrap();
    assert_eq!((&asked["state"], asked["partner_id"].as_str()), (&json!("requested"), Some(world.partner.as_str())));
    let refused = finance.act("retention_release", asked.id(), "reject", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reason", "REQUIRED")]);
    let reason = json!({"reason": "the roof leaks"});
    let rejected = finance.act("retention_release", asked.id(), "reject", reason).await.unwrap();
    assert_eq!((&rejected["state"], rejected["decided_by"].as_str()), (&json!("rejected"), Some(world.id(Who::Finance))));
    assert!(rejected["agreed_at"].is_null());
    let seen = vendor.get("retention_release", asked.id()).await.unwrap();
    assert_eq!(seen["rejection_reason"], "the roof leaks", "the partner reads why");
    assert_eq!(director.delete("retention_release", asked.id()).await.unwrap_err().code, "WRONG_STATE");
    let open = director.create("retention_release", body("2")).await.unwrap();
    assert_eq!(director.delete("retention_release", open.id()).await.unwrap().did(), "deleted");
    assert_eq!(vendor.create("retention_release", body("3")).await.unwrap_err().code, "PERMISSION_DENIED");
    world.verify().await;
});
