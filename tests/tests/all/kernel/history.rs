//! Time travel: what was known (`as_of`), what held (`valid_at`), and what is written late (`effective_at`).

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Who, scenario};

/// Day of the report, forecast cost at completion, forecast finish, phase: capital project 3 of New York City. Facts
/// from `data/raw/NYC_capital_projects_20190901.csv` of <https://github.com/sedelmeyer/nyc-capital-projects> at
/// 6447422 (NYC Open Data).
const REPORTS: [(&str, &str, &str, &str); 13] = [
    ("2014-05-01", "182980960.0000", "2020-01-14", "Design"),
    ("2015-02-01", "168751769.0000", "2020-07-19", "Construction Procurement"),
    ("2015-08-01", "165532447.0000", "2020-08-08", "Construction Procurement"),
    ("2016-01-01", "169276391.0000", "2020-04-01", "Construction"),
    ("2016-06-01", "169276392.7100", "2020-04-13", "Construction"),
    ("2016-11-01", "169674705.9000", "2020-09-17", "Construction"),
    ("2017-04-01", "174177416.0700", "2020-11-30", "Construction"),
    ("2017-09-01", "175128409.6800", "2020-04-28", "Construction"),
    ("2018-03-01", "175159424.3800", "2020-04-01", "Construction"),
    ("2018-08-01", "177074011.4000", "2020-07-28", "Construction"),
    ("2019-01-01", "185099718.6200", "2020-08-28", "Construction"),
    ("2019-05-01", "185242696.6900", "2020-10-09", "Construction"),
    ("2019-09-01", "180577716.6300", "2020-10-09", "Construction"),
];

/// Changes of the forecast from report to report, as published beside them.
const BUDGET_DELTAS: [f64; 12] = [
    -14_229_191.0,
    -3_219_322.0,
    3_743_944.0,
    2.0,
    398_313.0,
    4_502_710.0,
    950_994.0,
    31_015.0,
    1_914_587.0,
    8_025_707.0,
    142_978.0,
    -4_664_980.0,
];

fn report(index: usize) -> Value {
    let (_, cost, finish, phase) = REPORTS[index];
    json!({"forecast_cost": {"amount": cost, "currency": "USD"}, "forecast_finish_on": finish, "phase": phase})
}

fn noon(day: &str) -> String {
    format!("{day}T12:00:00Z")
}

/// Whatever order the reports came in, each is what held from its day on.
async fn assert_reports(director: &Client, project: &str) {
    let mut costs = Vec::new();
    for (index, (day, ..)) in REPORTS.iter().enumerate() {
        let seen = director.valid_at(&noon(day)).get("project", project).await.unwrap();
        for (name, value) in report(index).as_object().unwrap() {
            assert_eq!(&seen[name], value, "{name} on {day}");
        }
        let filter = format!("forecast_finish_on = '{}'", REPORTS[index].2);
        let listed = director.valid_at(&noon(day)).list("project", json!({"filter": filter})).await.unwrap();
        assert_eq!(listed.each("id"), [project], "a list of {day}");
        costs.push(seen["forecast_cost"]["amount"].as_str().unwrap().parse::<f64>().unwrap());
    }
    for (two, expected) in costs.windows(2).zip(BUDGET_DELTAS) {
        assert!((two[1] - two[0] - expected).abs() <= 1.0, "{two:?} {expected}");
    }
    let before = director.valid_at("2014-04-30T00:00:00Z").get("project", project).await;
    assert_eq!(before.unwrap_err().code, "NOT_FOUND", "before the first report there was no such project");
}

scenario!(what_was_done_cannot_have_been_before_what_holds(world) {
    let director = world.client(Who::Director).through(Door::Rest);
    let body = json!({"program_id": world.program, "name": "Bridge", "code": "B-1"});
    let project = director.effective_at("2019-09-01T00:00:00Z").create("project", body).await.unwrap().id().to_owned();
    let refused = director.effective_at("2017-01-01T00:00:00Z").act("project", &project, "activate", json!({})).await;
    assert_eq!(refused.unwrap_err().places(), [("?effective_at", "OUT_OF_ORDER")]);
    let done = director.effective_at("2020-01-01T00:00:00Z").act("project", &project, "activate", json!({})).await.unwrap();
    for (day, status) in [("2019-12-31", "planned"), ("2020-01-01", "active")] {
        let then = director.valid_at(&format!("{day}T00:00:00Z")).get("project", &project).await.unwrap();
        assert_eq!(then["status"], status, "{day}");
    }
    assert_eq!(done["status"], "active");
    world.verify().await;
});

scenario!(reports_that_come_in_order(world) {
    let director = world.client(Who::Director);
    let mut body = report(0);
    body["program_id"] = json!(world.program);
    body["code"] = json!("nyc-3");
    body["name"] = json!("Project 3");
    let project = director.effective_at("2014-05-01T00:00:00Z").create("project", body).await.unwrap();
    for (index, (day, ..)) in REPORTS.iter().enumerate().skip(1) {
        let at = format!("{day}T00:00:00Z");
        let done = director.effective_at(&at).update("project", project.id(), report(index)).await.unwrap();
        assert_eq!(done.did(), "updated");
    }
    assert_reports(&director, project.id()).await;
    assert_eq!(director.get("project", project.id()).await.unwrap()["revision"], 13);
    world.verify().await;
});

scenario!(reports_that_come_late(world) {
    let director = world.client(Who::Director);
    let project = director.get("project", &world.project("nyc-3").await).await.unwrap();
    let known = project.text("created_at").to_owned();
    // Oldest first would be too easy.
    for index in [12, 0, 7, 3, 11, 1, 9, 5, 2, 8, 4, 10, 6] {
        let at = format!("{}T00:00:00Z", REPORTS[index].0);
        let done = director.effective_at(&at).update("project", project.id(), report(index)).await.unwrap();
        assert_eq!(done.did(), "backfilled", "{at}");
    }
    assert_reports(&director, project.id()).await;
    assert_eq!(director.get("project", project.id()).await.unwrap().json, project.json, "what holds now is untouched");
    let then = director.as_of(&known).valid_at("2016-02-01T00:00:00Z").get("project", project.id()).await;
    assert_eq!(then.unwrap_err().code, "NOT_FOUND", "at first nothing was known of 2016");
    let events = director.all_events(json!({"kinds": ["project"]})).await;
    assert_eq!(events.iter().filter(|event| event["operation"] == "project.backfill").count(), 13);
    world.verify().await;
});

scenario!(what_was_known_then(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let mut versions = vec![director.get("risk", &risk).await.unwrap()];
    for title in ["Fire", "Storm"] {
        versions.push(director.update("risk", &risk, json!({"title": title})).await.unwrap());
    }
    versions.push(director.delete("risk", &risk).await.unwrap());
    for version in &versions {
        let at = director.as_of(version.text("updated_at"));
        assert_eq!(at.get("risk", &risk).await.unwrap().json, version.json);
        let listed = at.list("risk", json!({"show_deleted": true})).await.unwrap();
        assert_eq!(listed.items(), std::slice::from_ref(&version.json));
    }
    let gone = director.as_of(versions[3].text("updated_at")).list("risk", json!({})).await.unwrap();
    assert!(gone.items().is_empty());
    let before = director.as_of("2020-01-01T00:00:00Z");
    assert_eq!(before.get("risk", &risk).await.unwrap_err().code, "NOT_FOUND");
    assert!(before.list("risk", json!({})).await.unwrap().items().is_empty());
    let refused = director.valid_at("2020-01-01T00:00:00Z").get("risk", &risk).await;
    assert_eq!(refused.unwrap_err().status, 400, "a risk has no dated versions");
});

scenario!(who_may_write_history(world) {
    let project = world.project("gym").await;
    let at = "2020-01-01T00:00:00Z";
    let manager = world.client(Who::ProgramManager);
    let refused = manager.effective_at(at).update("project", &project, json!({"phase": "Design"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    assert!(refused.detail.contains("history:write"), "{refused}");
    let director = world.client(Who::Director);
    let refused = director.effective_at("2999-01-01T00:00:00Z").update("project", &project, json!({"phase": "x"})).await;
    assert_eq!(refused.unwrap_err().places(), [("?effective_at", "OUT_OF_RANGE")]);
    let sync = world.client(Who::Integration);
    let done = sync.effective_at(at).update("project", &project, json!({"phase": "Design"})).await.unwrap();
    assert_eq!(done.did(), "backfilled");
});
