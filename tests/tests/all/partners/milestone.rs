//! Milestones: what they are paid, what stands still while a claim waits, and how they stood then.

use serde_json::{Value, json};
use steerco_tests::{Door, Who, scenario};

use crate::all::partners::milestone_update::{Deal, act};

scenario!(milestones_are_not_paid_more_than_the_engagement_is_worth(world) {
    let director = world.client(Who::Director);
    let deal = Deal::strike(&world, json!({}), json!({"payment_share": 0.6})).await;
    let new = |more: Value| {
        let mut body = json!({"engagement_id": deal.engagement, "title": "More"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let pay = |amount: &str, currency: &str| new(json!({"payment": {"amount": amount, "currency": currency}}));
    let refused = director.create("milestone", pay("40000.01", "EUR")).await.unwrap_err();
    assert_eq!(refused.places(), [("/payment/amount", "INSUFFICIENT")]);
    assert!(refused.faults[0].detail.contains("40000.0000 EUR"), "{refused}");
    let refused = director.create("milestone", pay("1", "USD")).await.unwrap_err();
    assert_eq!(refused.places(), [("/payment/currency", "DOES_NOT_FIT")]);
    let refused = director.create("milestone", new(json!({"payment_share": 0.400_001}))).await.unwrap_err();
    assert_eq!(refused.places(), [("/payment_share", "INSUFFICIENT")]);
    let two = json!({"items": [{"create": pay("25000", "EUR")}, {"create": pay("25000", "EUR")}]});
    let refused = director.batch("milestone", two).await.unwrap_err();
    // Over REST the pointer names the part of the item too.
    let part = if world.door == Door::Rest { "/create" } else { "" };
    assert_eq!(refused.places(), [(&*format!("/items/1{part}/payment/amount"), "INSUFFICIENT")]);
    director.create("milestone", pay("40000", "EUR")).await.unwrap();

    // While it is a draft its value is still open, but not below what is paid already.
    let worth = |amount: &str| json!({"value": {"amount": amount, "currency": "EUR"}});
    let draft = world.new_draft(&world.partner).await;
    director.update("engagement", &draft, worth("100")).await.unwrap();
    for share in [0.6, 0.4] {
        let body = json!({"engagement_id": draft, "title": "Share", "payment_share": share});
        director.create("milestone", body).await.unwrap();
    }
    let fixed = json!({"engagement_id": draft, "title": "Sum", "payment": {"amount": "0.01", "currency": "EUR"}});
    assert_eq!(director.create("milestone", fixed.clone()).await.unwrap_err().places(), [("/payment/amount", "INSUFFICIENT")]);
    let paid = world.new_draft(&world.partner).await;
    director.update("engagement", &paid, worth("100")).await.unwrap();
    let mut fixed = fixed;
    (fixed["engagement_id"], fixed["payment"]["amount"]) = (json!(paid), json!("60"));
    director.create("milestone", fixed).await.unwrap();
    let refused = director.update("engagement", &paid, worth("59.99")).await.unwrap_err();
    assert_eq!(refused.places(), [("/value/amount", "INSUFFICIENT")]);
    director.update("engagement", &paid, worth("60")).await.unwrap();
});

scenario!(what_was_claimed_or_accepted_stands_still(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let criteria = json!([{"key": "tight", "text": "No water in the test"}]);
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({"acceptance_criteria": criteria})).await;
    let change = async |patch: Value| director.update("milestone", &deal.milestone, patch).await;
    let twice = json!([{"key": "a", "text": "x"}, {"key": "a", "text": "y"}]);
    assert_eq!(change(json!({"acceptance_criteria": twice})).await.unwrap_err().places(), [("/acceptance_criteria/1/key", "DUPLICATE")]);
    let claim = deal.claim(&vendor, json!({"criteria_claimed": ["tight"]})).await.unwrap();
    let refused = change(json!({"acceptance_criteria": []})).await.unwrap_err();
    assert_eq!(refused.places(), [("/acceptance_criteria", "FROZEN")]);
    change(json!({"forecast_on": "2026-12-24"})).await.unwrap();
    let before = deal.fact(&director).await;
    assert_eq!((&before["delivery_state"], &before["update_count"]), (&json!("submitted"), &json!(1)));
    act(&director, &claim, "accept", json!({})).await.unwrap();
    assert_eq!(change(json!({"payment_share": 0.5})).await.unwrap_err().places(), [("/payment_share", "FROZEN")]);
    let after = deal.fact(&director).await;
    assert_eq!((&after["delivery_state"], after["accepted_percent"].as_f64()), (&json!("accepted"), Some(1.0)));
    let then = director.as_of(before.text("updated_at")).get("milestone", &deal.milestone).await.unwrap();
    assert_eq!(then.json, before.json, "as it was known before the acceptance");
    world.verify().await;
});

scenario!(a_vendor_reads_milestones_and_sets_none(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let draft = world.new_draft(&world.partner).await;
    let body = json!({"engagement_id": draft, "title": "Shell", "private_notes": "too dear"});
    let made = director.create("milestone", body).await.unwrap();
    assert_eq!(vendor.get("milestone", made.id()).await.unwrap_err().code, "NOT_FOUND", "its engagement is a draft");
    director.act("engagement", &draft, "activate", json!({})).await.unwrap();
    let seen = vendor.get("milestone", made.id()).await.unwrap();
    assert_eq!((seen["title"].as_str(), seen.json.get("private_notes")), (Some("Shell"), None));
    let refused = vendor.update("milestone", made.id(), json!({"actual_on": "2026-01-01"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "it claims instead");
    world.verify().await;
});
