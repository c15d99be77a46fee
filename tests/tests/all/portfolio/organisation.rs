//! The organisation: one to a token, made by its operator, changed by its admin alone.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(each_sees_its_own_organisation_and_the_admin_changes_it(world) {
    let (admin, director, stranger) =
        (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Stranger));
    let listed = director.list("organisation", json!({})).await.unwrap();
    assert_eq!(listed.each("id"), [world.org.as_str()]);
    assert_eq!(stranger.get("organisation", &world.org).await.unwrap_err().code, "NOT_FOUND");
    let before = admin.get("organisation", &world.org).await.unwrap();
    assert_eq!((&before["base_currency"], &before["time_zone"]), (&json!("EUR"), &json!("Europe/Vienna")));
    let refused = director.update("organisation", &world.org, json!({"name": "Mine"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let refused = admin.update("organisation", &world.org, json!({"name": "", "base_currency": "EUX"})).await.unwrap_err();
    assert_eq!(refused.places().iter().map(|(at, _)| *at).collect::<Vec<_>>(), ["/name", "/base_currency"]);
    let after = admin.update("organisation", &world.org, json!({"name": "Capital works"})).await.unwrap();
    assert_eq!((after["name"].as_str(), after["revision"].as_f64()), (Some("Capital works"), Some(2.0)));
    let then = director.as_of(before.text("updated_at")).get("organisation", &world.org).await.unwrap();
    assert_eq!(then["name"], before["name"]);
    world.verify().await;
});

scenario!(a_vendor_knows_whom_it_works_for_and_no_more(world) {
    world.client(Who::Admin).update("organisation", &world.org, json!({"labels": {"mood": "private"}})).await.unwrap();
    let seen = world.client(Who::Vendor).get("organisation", &world.org).await.unwrap();
    assert_eq!(seen["name"], "Scenario");
    assert!(seen["labels"].get("mood").is_none() && seen.json.get("created_by").is_none(), "{}", seen.json);
    let refused = world.client(Who::Vendor).update("organisation", &world.org, json!({"name": "x"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
});
