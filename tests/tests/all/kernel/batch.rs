//! Batches: all or nothing, or each by itself.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

fn risk(world: &World, title: &str) -> Value {
    json!({"create": {"program_id": world.program, "title": title, "kind": "threat"}})
}

scenario!(every_act_in_one(world) {
    let director = world.client(Who::Director);
    let (a, b) = (world.risk("a").await, world.risk("b").await);
    let etag = director.get("risk", &a).await.unwrap().etag.unwrap();
    let items = json!([
        risk(&world, "c"),
        {"update": {"id": a, "patch": {"title": "A", "category": null}, "if_match": etag}},
        {"upsert": {"source": "jira", "external_id": "R-1", "source_version": "3", "body": risk(&world, "d")["create"]}},
        {"delete": {"id": b}},
    ]);
    let done = director.batch("risk", json!({"items": items})).await.unwrap();
    assert_eq!(done.each("outcome"), ["created", "updated", "created", "deleted"]);
    assert_eq!(done.items()[1]["resource"]["title"], "A");
    for result in done.items() {
        let id = result["resource"]["id"].as_str().unwrap();
        let now = director.get("risk", id).await.unwrap();
        assert_eq!((&now.json, now.etag.as_deref()), (&result["resource"], result["etag"].as_str()));
    }
    world.verify().await;
});

scenario!(one_fault_refuses_all(world) {
    let director = world.client(Who::Director);
    let head = director.list("risk", json!({})).await.unwrap()["sync_token"].clone();
    let mut items: Vec<Value> = (0..20).map(|n| risk(&world, &format!("Risk {n}"))).collect();
    items[17]["create"]["probability"] = json!(2);
    items[3] = json!({"delete": {"id": world.program.replace("prog_", "risk_")}});
    let refused = director.batch("risk", json!({"items": items})).await.unwrap_err();
    let places = refused.places();
    assert!(places[0].0.starts_with("/items/3") && places[0].1 == "NOT_FOUND", "{refused}");
    assert!(places[1].0.starts_with("/items/17/") && places[1].0.ends_with("/probability"), "{refused}");
    assert_eq!(places.len(), 2, "all faults at once");
    assert!(director.list("risk", json!({})).await.unwrap().items().is_empty(), "nothing was written");
    assert_eq!(director.all_events(json!({"after": head})).await, Vec::<Value>::new());
});

scenario!(partial_does_what_can_be_done(world) {
    let director = world.client(Who::Director);
    let mut bad = risk(&world, "bad");
    bad["create"]["probability"] = json!(2);
    let items = json!([risk(&world, "a"), bad, {"delete": {"id": world.program.replace("prog_", "risk_")}}, risk(&world, "b")]);
    let body = json!({"items": items, "partial": true});
    let done = director.key("p").batch("risk", body.clone()).await.unwrap();
    assert_eq!(done.each("outcome"), ["created", "(none)", "(none)", "created"]);
    let codes: Vec<&Value> = done.items().iter().map(|result| &result["error"]["code"]).collect();
    assert_eq!(codes, [&json!(null), &json!("INVALID_ARGUMENT"), &json!("NOT_FOUND"), &json!(null)]);
    assert_eq!(done.items()[1]["error"]["errors"][0]["code"], "OUT_OF_RANGE");
    assert_eq!(director.list("risk", json!({})).await.unwrap().items().len(), 2);
    let again = director.key("p").batch("risk", body).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.json, done.json);
});

scenario!(what_items_may_not_do(world) {
    let director = world.client(Who::Director);
    let a = world.risk("a").await;
    let twice = json!([{"update": {"id": a, "patch": {"title": "b"}}}, {"delete": {"id": a}}]);
    let refused = director.batch("risk", json!({"items": twice})).await.unwrap_err();
    assert!(refused.faults[0].pointer.starts_with("/items/1"), "{refused}");
    assert_eq!(refused.faults[0].code, "DUPLICATE");
    let project = |code: &str| json!({"create": {"program_id": world.program, "code": code, "name": code}});
    let refused = director.batch("project", json!({"items": [project("x"), project("x")]})).await.unwrap_err();
    assert_eq!(refused.code, "ALREADY_EXISTS", "{refused}");
    assert!(director.list("project", json!({})).await.unwrap().items().is_empty());
    let refused = director.batch("risk", json!({"items": []})).await.unwrap_err();
    assert_eq!(refused.places(), [("/items", "OUT_OF_RANGE")]);
    let stale = json!([{"update": {"id": a, "patch": {"title": "b"}, "if_match": "7"}}]);
    assert_eq!(director.batch("risk", json!({"items": stale})).await.unwrap_err().code, "ETAG_MISMATCH");
    let manager = world.client(Who::ProgramManager);
    let mut foreign = risk(&world, "x");
    foreign["create"]["program_id"] = json!(world.other_program);
    let refused = manager.batch("risk", json!({"items": [risk(&world, "y"), foreign]})).await.unwrap_err();
    assert!(refused.faults[0].pointer.starts_with("/items/1"), "{refused}");
});

scenario!(a_thousand_items(world) {
    let director = world.client(Who::Director);
    let items: Vec<Value> = (0..1000).map(|n| risk(&world, &format!("{n:04}"))).collect();
    let done = director.batch("risk", json!({"items": items})).await.unwrap();
    assert_eq!(done.items().len(), 1000);
    let args = json!({"page_size": 1000, "order_by": "title", "include_total": true});
    let listed = director.list("risk", args).await.unwrap();
    assert_eq!((&listed["total"], listed.items()[999]["title"].as_str()), (&json!("1000"), Some("0999")));
    let more: Vec<Value> = (0..1001).map(|n| risk(&world, &format!("{n}"))).collect();
    let refused = director.batch("risk", json!({"items": more})).await.unwrap_err();
    assert_eq!(refused.places(), [("/items", "OUT_OF_RANGE")]);
    world.verify().await;
});

scenario!(two_items_that_claim_one_value(world) {
    let admin = world.client(Who::Admin);
    let source = |code: &str| json!({"create": {"code": code, "name": "A source"}});
    let items = json!([source("a"), source("b"), source("a")]);
    let refused = admin.batch("source", json!({"items": items})).await.unwrap_err();
    assert_eq!(refused.code, "ALREADY_EXISTS");
    let place = |pointer: &str, item: &str, field: &str| pointer.starts_with(item) && pointer.ends_with(field);
    let [(pointer, "ALREADY_EXISTS")] = refused.places()[..] else { panic!("{refused}") };
    assert!(place(pointer, "/items/2/", "/code"), "{refused}");
    let with_ref = |title: &str| {
        let mut item = risk(&world, title);
        item["create"]["external_refs"] = json!([{"source": "jira", "external_id": "R-1"}]);
        item
    };
    let director = world.client(Who::Director);
    let items = json!([with_ref("a"), with_ref("b")]);
    let refused = director.batch("risk", json!({"items": items.clone()})).await.unwrap_err();
    let [(pointer, "ALREADY_EXISTS")] = refused.places()[..] else { panic!("{refused}") };
    assert!(place(pointer, "/items/1/", "/external_refs"), "{refused}");
    let done = director.batch("risk", json!({"items": items, "partial": true})).await.unwrap();
    assert_eq!(done.items()[0]["outcome"], "created");
    assert_eq!(done.items()[1]["error"]["code"], "ALREADY_EXISTS", "{}", done.json);
});
