//! Rate cards: drafted by one, approved by another, unknown to the partner before and frozen after.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

fn card(world: &World, rates: &Value) -> Value {
    json!({"engagement_id": world.engagement, "title": "Rates", "effective_on": "2026-01-01", "currency": "EUR", "rates": rates})
}

fn rate(unit: &str, amount: &str) -> Value {
    json!({"role": "Engineer", "unit": unit, "amount": amount})
}

scenario!(all_rates_are_checked_at_once(world) {
    let director = world.client(Who::Director);
    let refused = director.create("rate_card", card(&world, &json!([]))).await.unwrap_err();
    assert_eq!(refused.places(), [("/rates", "REQUIRED")]);
    let wrong = json!([rate("hour", "0"), rate("day", "800"), rate("hour", "95"), rate("month", "-1")]);
    let refused = director.create("rate_card", card(&world, &wrong)).await.unwrap_err();
    let expected = [("/rates/0/amount", "OUT_OF_RANGE"), ("/rates/2", "DUPLICATE"), ("/rates/3/amount", "OUT_OF_RANGE")];
    assert_eq!(refused.places(), expected);
    world.verify().await;
});

scenario!(who_drafted_rates_does_not_approve_them_and_then_they_stay(world) {
    let (director, manager, vendor) =
        (world.client(Who::Director), world.client(Who::ProgramManager), world.client(Who::Vendor));
    let draft = manager.create("rate_card", card(&world, &json!([rate("hour", "95.50")]))).await.unwrap();
    let id = draft.id();
    assert_eq!(vendor.get("rate_card", id).await.unwrap_err().code, "NOT_FOUND", "a draft is a secret");
    let approve = async |who: Who| world.client(who).act("rate_card", id, "approve", json!({})).await;
    assert_eq!(approve(Who::ProgramManager).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(approve(Who::Vendor).await.unwrap_err().code, "PERMISSION_DENIED");
    let approved = approve(Who::Director).await.unwrap();
    assert_eq!((&approved["state"], approved["approved_by"].as_str()), (&json!("approved"), Some(world.id(Who::Director))));
    let seen = vendor.get("rate_card", id).await.unwrap();
    assert_eq!(seen["rates"], draft["rates"]);
    let change = json!({"rates": [rate("hour", "120")], "effective_on": "2025-01-01", "title": "New"});
    let refused = manager.update("rate_card", id, change).await.unwrap_err();
    assert_eq!(refused.places(), [("/title", "FROZEN"), ("/effective_on", "FROZEN"), ("/rates", "FROZEN")]);
    manager.update("rate_card", id, json!({"private_notes": "dear"})).await.unwrap();
    assert!(vendor.get("rate_card", id).await.unwrap().json.get("private_notes").is_none());
    assert_eq!(director.delete("rate_card", id).await.unwrap_err().code, "WRONG_STATE");
    let then = director.as_of(draft.text("updated_at")).get("rate_card", id).await.unwrap();
    assert_eq!(then["state"], "draft");
    world.verify().await;
});
