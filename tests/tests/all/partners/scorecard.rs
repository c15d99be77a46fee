//! Scorecards: figures of facts alone, each with its evidence, and no score where too little is known.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::partners::invoice::Works;

fn figure(card: &Value, metric: &str) -> Value {
    card["figures"].as_array().unwrap().iter().find(|figure| figure["metric"] == metric).unwrap().clone()
}

async fn milestone(world: &World, engagement: &str, planned: &str, actual: Option<&str>) {
    let body = json!({"engagement_id": engagement, "title": planned, "planned_on": planned, "actual_on": actual});
    world.client(Who::Director).create("milestone", body).await.unwrap();
}

async fn measure(world: &World, engagement: &str, month: &str, hours: &str) {
    let body = json!({"engagement_id": engagement, "service_level": "Response", "value": hours,
        "period_starts_on": month, "measured_by": "Desk"});
    world.client(Who::Director).create("service_level_measurement", body).await.unwrap();
}

scenario!(figures_are_weighed_over_what_was_measured(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let engagement = &works.engagement;
    let year = json!({"from_on": "2026-01-01", "until_on": "2026-12-31"});
    let card = vendor.scorecard("engagement", engagement, year.clone()).await.unwrap().json;
    assert_eq!((&card["score"], &card["reason"]), (&Value::Null, &json!("too_little_evidence")), "one figure alone");
    assert_eq!(figure(&card, "on_time")["reason"], "nothing_measured");
    for (planned, actual) in [
        ("2026-02-01", Some("2026-02-01")), ("2026-03-01", Some("2026-03-02")), ("2026-04-01", None),
        ("2026-05-01", Some("2026-04-01")), ("2025-05-01", None), ("2027-05-01", None),
    ] {
        milestone(&world, engagement, planned, actual).await;
    }
    for (month, hours) in [("2026-01-01", "3"), ("2026-02-01", "9"), ("2026-03-01", "4"), ("2025-03-01", "40")] {
        measure(&world, engagement, month, hours).await;
    }
    crate::all::partners::engagement_amendment::approved(&world, engagement, json!({"value_change": {"amount": "2000", "currency": "EUR"}})).await;
    let card = vendor.scorecard("engagement", engagement, year.clone()).await.unwrap().json;
    // 2 of 4 on time, 2 of 3 levels held, and 20 % dearer: (0.5 * 0.30 + 0.666666 * 0.25 + 0.8 * 0.10) / 0.65.
    let seen = ["on_time", "service_levels", "cost_variance"].map(|metric| {
        let figure = figure(&card, metric);
        (figure["value"].as_str().unwrap().to_owned(), figure["evidence_count"].as_i64().unwrap())
    });
    assert_eq!(seen, [("0.5".to_owned(), 4), ("0.6666".to_owned(), 3), ("0.2".to_owned(), 1)]);
    assert_eq!((&card["score"], &card["evidence_count"]), (&json!(0.610_256), &json!(8)));
    assert_eq!(card["credits"][0]["amount"], json!({"amount": "100.0000", "currency": "EUR"}), "of February alone");
    assert_eq!(figure(&card, "first_pass_acceptance")["reason"], "nothing_measured");
    let more = json!({"from_on": "2026-01-01", "until_on": "2026-12-31", "minimum_evidence": 9});
    assert!(vendor.scorecard("engagement", engagement, more).await.unwrap()["score"].is_null());
    let refused = vendor.scorecard("engagement", engagement, json!({"from_on": "2026-02-01", "until_on": "2026-01-01"})).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused.places()[..], [("?until_on" | "/until_on", "OUT_OF_ORDER")]), "{refused}");
    let none = json!({"from_on": "2026-02-30", "until_on": "31.12.2026", "minimum_evidence": 0});
    let refused = vendor.scorecard("partner", &world.partner, none).await.unwrap_err();
    let mut places: Vec<String> =
        refused.places().iter().map(|(place, code)| format!("{} {code}", place.trim_start_matches(['?', '/']))).collect();
    places.sort_unstable();
    assert_eq!(places, ["from_on BAD_DAY", "minimum_evidence OUT_OF_RANGE", "until_on BAD_DAY"], "{refused}");

    // Of the partner in all, both sides read the same; a manager of another program learns how many it does not see.
    let all = vendor.scorecard("partner", &world.partner, year.clone()).await.unwrap();
    assert_eq!((&all["engagement_count"], &all["hidden_count"]), (&json!(2), &json!(0)));
    let director = world.client(Who::Director);
    assert_eq!(director.scorecard("partner", &world.partner, year.clone()).await.unwrap().json, all.json);
    director.update("engagement", engagement, json!({"program_ids": [world.other_program]})).await.unwrap();
    let part = world.client(Who::ProgramManager).scorecard("partner", &world.partner, year).await.unwrap();
    assert_eq!((&part["engagement_count"], &part["hidden_count"]), (&json!(1), &json!(1)));
});
