//! Service levels: what they came to, whether they held, and the credit of the single worst tier.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

fn levels() -> Value {
    json!([
        {"name": "Availability", "target": "99.5 % of each month", "target_value": "99.5", "unit": "%",
            "direction": "at_least", "period": "month", "period_fee": {"amount": "10000", "currency": "EUR"},
            "credit_tiers": [{"threshold": "99.5", "credit": 0.05}, {"threshold": "99", "credit": 0.1}]},
        {"name": "Courtesy", "target": "always"},
    ])
}

async fn hosting(world: &World) -> String {
    let director = world.client(Who::Director);
    let body = json!({"partner_id": world.partner, "program_ids": [world.program], "title": "Hosting",
        "kind": "framework", "service_levels": levels()});
    let id = director.create("engagement", body).await.unwrap().id().to_owned();
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    id
}

fn month(engagement: &str, first: &str, agreed: i64, down: i64) -> Value {
    json!({"engagement_id": engagement, "service_level": "Availability", "period_starts_on": first,
        "agreed_service_minutes": agreed, "unplanned_downtime_minutes": down, "measured_by": "Probe"})
}

scenario!(the_single_worst_tier_is_credited(world) {
    let (manager, vendor) = (world.client(Who::ProgramManager), world.client(Who::Vendor));
    let engagement = hosting(&world).await;
    for (first, agreed, down, result, measured, credit) in [
        ("2026-01-01", 44_640, 0, "met", json!("100"), Value::Null),
        ("2026-02-01", 40_320, 300, "breached", json!("99.2559"), json!("500.0000")),
        ("2026-03-01", 44_640, 44_640, "breached", json!("0"), json!("1000.0000")),
        ("2026-04-01", 0, 0, "not_measured", Value::Null, Value::Null),
    ] {
        let made = manager.create("service_level_measurement", month(&engagement, first, agreed, down)).await.unwrap();
        assert_eq!((&made["result"], &made["measured"]), (&json!(result), &measured), "{first}");
        assert_eq!(made["credit"]["amount"], credit, "{first}");
        let seen = vendor.get("service_level_measurement", made.id()).await.unwrap();
        assert_eq!((&seen["credit"], &seen["measured"]), (&made["credit"], &made["measured"]), "both read the same");
        let refused = vendor.update("service_level_measurement", made.id(), json!({"measured_by": "Us"})).await;
        assert_eq!(refused.unwrap_err().code, "PERMISSION_DENIED");
    }
    let filter = json!({"filter": "result = \"breached\" and credit.amount >= 1000", "include_total": true});
    assert_eq!(vendor.list("service_level_measurement", filter).await.unwrap()["total"], "1");
    // Better terms later do not change what was agreed when it was measured.
    let march = json!({"filter": "period_starts_on = \"2026-03-01\""});
    let march = manager.list("service_level_measurement", march).await.unwrap().items()[0].clone();
    world.client(Who::Director).update("engagement", &engagement, json!({"service_levels": []})).await.unwrap();
    let change = json!({"unplanned_downtime_minutes": 300});
    let id = march["id"].as_str().unwrap();
    let mended = manager.update("service_level_measurement", id, change).await.unwrap();
    assert_eq!((&mended["measured"], &mended["credit"]["amount"]), (&json!("99.3279"), &json!("500.0000")));
    assert_eq!(mended["period_ends_on"], "2026-03-31");
    world.verify().await;
});

scenario!(what_cannot_be_measured_is_refused(world) {
    let manager = world.client(Who::ProgramManager);
    let engagement = hosting(&world).await;
    let with = |name: &str, value: Value| {
        let mut body = month(&engagement, "2026-01-01", 100, 10);
        body[name] = value;
        body
    };
    for (body, place) in [
        (with("service_level", json!("Speed")), ("/service_level", "NOT_FOUND")),
        (with("service_level", json!("Courtesy")), ("/service_level", "DOES_NOT_FIT")),
        (with("period_starts_on", json!("2026-01-02")), ("/period_starts_on", "OUT_OF_RANGE")),
        (with("value", json!("99")), ("/value", "DOES_NOT_FIT")),
        (with("agreed_service_minutes", Value::Null), ("/agreed_service_minutes", "REQUIRED")),
        (with("unplanned_downtime_minutes", json!(101)), ("/unplanned_downtime_minutes", "OUT_OF_RANGE")),
        (with("result", json!("met")), ("/result", "READ_ONLY")),
    ] {
        let refused = manager.create("service_level_measurement", body.clone()).await.unwrap_err();
        assert_eq!(refused.places(), [place], "{body}");
    }
    manager.create("service_level_measurement", month(&engagement, "2026-01-01", 100, 10)).await.unwrap();
    let twice = manager.create("service_level_measurement", month(&engagement, "2026-01-01", 100, 0)).await;
    assert_eq!(twice.unwrap_err().code, "ALREADY_EXISTS");
});

scenario!(levels_that_contradict_themselves_are_refused(world) {
    let tiers = |first: &str, second: &str| json!([{"threshold": first, "credit": 0.1}, {"threshold": second, "credit": 0.05}]);
    let level = |tiers: Value| {
        json!({"name": "Availability", "target": "99.5 %", "target_value": "99.5", "direction": "at_least",
            "period": "month", "credit_tiers": tiers})
    };
    let mut open = level(json!([]));
    open.as_object_mut().unwrap().remove("period");
    for (levels, places) in [
        (json!([open]), vec![("/service_levels/0/period", "REQUIRED")]),
        (json!([level(json!([])), level(json!([]))]), vec![("/service_levels/1/name", "DUPLICATE")]),
        (json!([level(tiers("99.9", "99.9"))]), vec![
            ("/service_levels/0/credit_tiers/0/threshold", "OUT_OF_ORDER"),
            ("/service_levels/0/credit_tiers/1/threshold", "OUT_OF_ORDER"),
            ("/service_levels/0/credit_tiers/1/threshold", "OUT_OF_ORDER"),
            ("/service_levels/0/credit_tiers/1/credit", "OUT_OF_ORDER"),
        ]),
    ] {
        let body = json!({"partner_id": world.partner, "program_ids": [world.program], "title": "Hosting",
            "kind": "framework", "service_levels": levels});
        let refused = world.client(Who::Director).create("engagement", body).await.unwrap_err();
        assert_eq!(refused.places(), places);
    }
});

scenario!(a_rival_learns_of_no_measurement(world) {
    let engagement = hosting(&world).await;
    let director = world.client(Who::Director);
    let made = director.create("service_level_measurement", month(&engagement, "2026-01-01", 100, 99)).await.unwrap();
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    assert_eq!(rival.get("service_level_measurement", made.id()).await.unwrap_err().code, "NOT_FOUND");
    let all = json!({"include_total": true, "filter": "result = \"breached\""});
    assert_eq!(rival.list("service_level_measurement", all).await.unwrap()["total"], "0");
    assert!(!format!("{:?}", rival.all_events(json!({})).await).contains(made.id()));
});
