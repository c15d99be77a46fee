//! Batches: all or nothing, or each by itself.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::partners::milestone_update::Deal;

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

scenario!(what_is_refused_in_part_leaves_nothing(world) {
    let (director, admin) = (world.client(Who::Director), world.client(Who::Admin));
    let deal = Deal::strike(&world, json!({}), json!({"payment_share": null})).await;
    let head = director.list("milestone", json!({})).await.unwrap()["sync_token"].clone();
    let paid = |amount: &str, external_id: &str| {
        json!({"create": {
            "engagement_id": deal.engagement, "title": external_id, "payment": {"amount": amount, "currency": "EUR"},
            "external_refs": [{"source": World::SOURCE, "external_id": external_id}],
        }})
    };
    let mut stray = paid("1", "M-3");
    stray["create"]["deliverable_id"] = json!(crate::all::kernel::bodies::unknown("deliverable"));
    let mut twice = paid("60000", "M-1");
    twice["create"]["title"] = json!("twice");
    // Of 100,000: what is refused takes nothing of it, and keeps no reference.
    let items = json!([
        paid("40000", "M-1"), paid("60000.01", "M-2"), twice, stray, paid("59999", "M-2"), paid("1", "M-3"), paid("0.01", "M-4"),
    ]);
    let done = director.batch("milestone", json!({"items": items, "partial": true})).await.unwrap();
    let told: Vec<&str> = done.items().iter()
        .map(|item| item["outcome"].as_str().or(item["error"]["errors"][0]["code"].as_str()).unwrap_or("(none)"))
        .collect();
    let expected =
        ["created", "INSUFFICIENT", "ALREADY_EXISTS", "NOT_FOUND", "created", "created", "INSUFFICIENT"];
    assert_eq!(told, expected, "{}", done.json);
    for (external_id, amount) in [("M-1", "40000.0000"), ("M-2", "59999.0000"), ("M-3", "1.0000")] {
        let found = director.get_by_ref("milestone", World::SOURCE, external_id).await.unwrap();
        assert_eq!(found["payment"]["amount"], amount);
    }
    assert_eq!(director.get_by_ref("milestone", World::SOURCE, "M-4").await.unwrap_err().code, "NOT_FOUND");
    let events = director.all_events(json!({"after": head})).await;
    assert_eq!(events.len(), 3, "an event for each that was made: {events:?}");

    // Neither does it keep a code that is unique, nor a field that it would own.
    let project = |code: &str, program: &str| json!({"create": {"program_id": program, "code": code, "name": code}});
    let items = json!([project("gym", &crate::all::kernel::bodies::unknown("program")), project("gym", &world.program)]);
    let done = director.batch("project", json!({"items": items, "partial": true})).await.unwrap();
    assert_eq!(done.each("outcome"), ["(none)", "created"]);
    let owner = |code: &str| {
        json!({"create": {"code": code, "name": "Feed", "owned_fields": [{"kind": "project", "field": "phase"}]}})
    };
    let items = json!([owner(World::SOURCE), owner("erp"), owner("late")]);
    let done = admin.batch("source", json!({"items": items, "partial": true})).await.unwrap();
    assert_eq!(done.each("outcome"), ["(none)", "created", "(none)"], "{}", done.json);
    world.verify().await;
});
