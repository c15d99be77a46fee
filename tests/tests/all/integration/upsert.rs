//! Upserts: by the caller's own id, merged, owned, versioned.

use serde_json::json;
use steerco_tests::{Who, World, scenario};

scenario!(creates_then_merges(world) {
    let sync = world.client(Who::Integration);
    let body = json!({"program_id": world.program, "code": "gym", "name": "Gym", "phase": "Design", "labels": {"a": "1", "b": "2"}});
    let made = sync.upsert("project", World::SOURCE, "P-1", body.clone()).await.unwrap();
    assert_eq!((made.did(), made.status.unwrap_or(201)), ("created", 201));
    assert_eq!(made["external_refs"], json!([{"source": "jira", "external_id": "P-1"}]));
    assert_eq!(sync.get_by_ref("project", World::SOURCE, "P-1").await.unwrap().json, made.json);

    let head = sync.list("project", json!({})).await.unwrap()["sync_token"].clone();
    let same = sync.upsert("project", World::SOURCE, "P-1", body).await.unwrap();
    assert_eq!((same.did(), &same.json), ("unchanged", &made.json));
    assert_eq!(sync.all_events(json!({"after": head})).await, Vec::<serde_json::Value>::new(), "no event");
    assert_eq!(sync.revisions("project", made.id(), json!({})).await.unwrap().items().len(), 1, "no revision");

    let patch = json!({"phase": null, "name": "Gymnasium", "labels": {"a": null, "c": "3"}});
    let merged = sync.upsert("project", World::SOURCE, "P-1", patch).await.unwrap();
    assert_eq!((merged.did(), merged.id()), ("updated", made.id()));
    assert_eq!((&merged["name"], &merged["code"]), (&json!("Gymnasium"), &json!("gym")), "what is absent is kept");
    assert!(merged["phase"].is_null(), "null clears");
    assert_eq!(merged["labels"], json!({"b": "2", "c": "3"}));
});

scenario!(an_older_version_is_stale(world) {
    let sync = world.client(Who::Integration);
    let body = |name: &str| json!({"program_id": world.program, "code": "gym", "name": name});
    let at = async |version, name| sync.source_version(version).upsert("project", World::SOURCE, "P", body(name)).await.unwrap();
    at(7, "seven").await;
    let stale = at(6, "six").await;
    assert_eq!((stale.did(), &stale["name"], &stale["revision"]), ("stale", &json!("seven"), &json!(1)));
    assert_eq!(at(7, "seven again").await.did(), "updated");
    assert_eq!(at(9, "seven again").await.did(), "unchanged", "a newer version may say the same");
    assert_eq!(at(8, "eight").await.did(), "stale", "and is remembered");
    assert_eq!(at(10, "ten").await["name"], "ten");
});

scenario!(only_under_a_source_of_its_own(world) {
    let (sync, admin) = (world.client(Who::Integration), world.client(Who::Admin));
    admin.create("source", json!({"code": "sap", "name": "Ledger"})).await.unwrap();
    let body = json!({"program_id": world.program, "code": "gym", "name": "Gym"});
    let unknown = sync.upsert("project", "nowhere", "1", body.clone()).await.unwrap_err();
    assert_eq!(unknown.places(), [("/source", "UNKNOWN_SOURCE")]);
    let nameless = json!({"program_id": world.program, "code": "gym"});
    let both = sync.upsert("project", "nowhere", "1", nameless).await.unwrap_err();
    assert_eq!(both.places(), [("/source", "UNKNOWN_SOURCE"), ("/name", "REQUIRED")], "all faults at once");
    let foreign = sync.upsert("project", "sap", "1", body.clone()).await.unwrap_err();
    assert_eq!(foreign.code, "PERMISSION_DENIED", "{foreign}");
    let person = world.client(Who::Director).upsert("project", "sap", "1", body).await.unwrap();
    assert_eq!(person.did(), "created", "a person may write under any source");
    assert_eq!(sync.get_by_ref("project", "sap", "2").await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(sync.get_by_ref("risk", "sap", "1").await.unwrap_err().code, "NOT_FOUND", "each kind by itself");
});

scenario!(fields_that_a_source_owns(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let owned = json!({"owned_fields": [{"kind": "project", "field": "phase"}]});
    let sync = world.client(Who::Integration);
    let body = json!({"program_id": world.program, "code": "gym", "name": "Gym", "phase": "Design"});
    let made = sync.upsert("project", World::SOURCE, "1", body).await.unwrap();
    admin.update("source", &world.source_id, owned).await.unwrap();
    let refused = director.update("project", made.id(), json!({"phase": "Build", "name": "Hall"})).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("FIELD_OWNED", vec![("/phase", "FIELD_OWNED")]));
    assert!(refused.detail.contains("jira"), "the owner is named: {refused}");
    assert_eq!(director.update("project", made.id(), json!({"name": "Hall"})).await.unwrap().did(), "updated");
    let synced = sync.upsert("project", World::SOURCE, "1", json!({"phase": "Build"})).await.unwrap();
    assert_eq!(synced["phase"], "Build");
});

scenario!(many_at_once_make_one(world) {
    let sync = world.client(Who::Integration);
    let body = json!({"program_id": world.program, "title": "Same", "kind": "threat"});
    let all = (0..16).map(|_| sync.upsert("risk", World::SOURCE, "R-1", body.clone()));
    let answers = futures::future::join_all(all).await;
    let ids: std::collections::BTreeSet<String> = answers
        .iter()
        .filter_map(|answer| match answer {
            Ok(answer) => Some(answer.id().to_owned()),
            Err(refused) => {
                assert_eq!(refused.code, "ALREADY_EXISTS", "a race is told as one: {refused}");
                None
            }
        })
        .collect();
    assert_eq!(ids.len(), 1, "one risk");
    assert_eq!(sync.list("risk", json!({"include_total": true})).await.unwrap()["total"], "1");
    let same = sync.upsert("risk", World::SOURCE, "R-1", body).await.unwrap();
    assert_eq!(same.did(), "unchanged");
    world.verify().await;
});

scenario!(external_references_are_unique(world) {
    let director = world.client(Who::Director);
    let refs = |id: &str| json!({"external_refs": [{"source": "jira", "external_id": id}]});
    let (a, b) = (world.risk("a").await, world.risk("b").await);
    director.update("risk", &a, refs("1")).await.unwrap();
    let refused = director.update("risk", &b, refs("1")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("ALREADY_EXISTS", vec![("/external_refs/0", "ALREADY_EXISTS")]));
    director.update("risk", &a, refs("2")).await.unwrap();
    director.update("risk", &b, refs("1")).await.unwrap();
    assert_eq!(director.get_by_ref("risk", "jira", "1").await.unwrap().id(), b);
    let refused = director.update("risk", &b, json!({"external_refs": [{"source": "none", "external_id": "1"}]})).await;
    assert_eq!(refused.unwrap_err().places(), [("/external_refs/0/source", "UNKNOWN_SOURCE")]);
    world.verify().await;
});
