//! `validate_only`: everything is checked and answered, and nothing is stored.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

scenario!(nothing_is_stored(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let before = director.get("risk", &risk).await.unwrap();
    let head = director.list("risk", json!({})).await.unwrap()["sync_token"].clone();
    let dry = director.validate_only();
    let body = json!({"program_id": world.program, "title": "Fire", "kind": "threat"});
    let made = dry.create("risk", body.clone()).await.unwrap();
    assert_eq!((made.did(), made.status.unwrap_or(200)), ("created", 200), "not 201: there is nothing");
    assert_eq!(director.get("risk", made.id()).await.unwrap_err().code, "NOT_FOUND");
    let changed = dry.update("risk", &risk, json!({"title": "Fire"})).await.unwrap();
    assert_eq!((changed.did(), &changed["title"], &changed["revision"]), ("updated", &json!("Fire"), &json!(2)));
    assert_eq!(dry.delete("risk", &risk).await.unwrap().did(), "deleted");
    assert_eq!(dry.act("risk", &risk, "close", json!({})).await.unwrap()["state"], "closed");
    assert_eq!(dry.upsert("risk", World::SOURCE, "R", body.clone()).await.unwrap().did(), "created");
    let batch = dry.batch("risk", json!({"items": [{"create": body}, {"delete": {"id": risk}}]})).await.unwrap();
    assert_eq!(batch.each("outcome"), ["created", "deleted"]);
    assert_eq!(director.get("risk", &risk).await.unwrap().json, before.json);
    assert_eq!(director.list("risk", json!({"show_deleted": true})).await.unwrap().items().len(), 1);
    assert_eq!(director.all_events(json!({"after": head})).await, Vec::<Value>::new());
});

scenario!(refusals_are_the_same(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let bad = json!({"program_id": world.program, "title": "Fire", "kind": "threat", "probability": 2});
    for caller in [director.clone(), director.validate_only()] {
        assert_eq!(caller.create("risk", bad.clone()).await.unwrap_err().places(), [("/probability", "OUT_OF_RANGE")]);
        assert_eq!(caller.act("risk", &risk, "respond", json!({"response": "avoid"})).await.unwrap_err().code, "WRONG_STATE");
        assert_eq!(caller.if_match("9").delete("risk", &risk).await.unwrap_err().status, 412);
    }
    let auditor = world.client(Who::Auditor).validate_only();
    assert_eq!(auditor.delete("risk", &risk).await.unwrap_err().code, "PERMISSION_DENIED");
});
