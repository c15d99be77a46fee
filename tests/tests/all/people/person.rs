//! Erasure: personal data goes everywhere at once, and the log still proves what was done.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

scenario!(a_person_is_blanked_everywhere(world) {
    let admin = world.client(Who::Admin);
    let body = json!({"name": "Ada Canary", "email": "canary@example.org", "title": "Canary keeper"});
    let made = admin.key("ada").create("person", body.clone()).await.unwrap();
    let id = made.id().to_owned();
    let changed = admin.key("married").update("person", &id, json!({"name": "Ada Canary-King"})).await.unwrap();
    world.client(Who::Director).update("program", &world.program, json!({"manager_id": id})).await.unwrap();
    let erased = admin.key("erase").act("person", &id, "erase", json!({})).await.unwrap();
    assert_eq!((&erased["state"], erased["name"].is_null(), &erased["revision"]), (&json!("erased"), true, &json!(3)));
    let mut all: Vec<Value> = vec![erased.json];
    for version in [&made, &changed] {
        let then = admin.as_of(version.text("updated_at"));
        let seen = then.get("person", &id).await.unwrap();
        assert_eq!(seen["revision"], version["revision"]);
        all.push(seen.json);
        all.extend(then.list("person", json!({})).await.unwrap().items().to_vec());
    }
    all.extend(admin.revisions("person", &id, json!({})).await.unwrap().items().to_vec());
    all.extend(admin.all_events(json!({})).await);
    let replayed = admin.key("ada").create("person", body).await.unwrap();
    assert!(replayed.replayed && replayed.id() == id);
    all.push(replayed.json);
    all.push(admin.key("erase").act("person", &id, "erase", json!({})).await.unwrap().json);
    let text = json!(all).to_string().to_lowercase();
    assert!(!text.contains("canary"), "{text}");
    let found = admin.list("person", json!({"filter": "name: 'canary' or email: 'canary'"})).await.unwrap();
    assert!(found.items().is_empty());
    assert_eq!(world.client(Who::Director).get("program", &world.program).await.unwrap()["manager_id"], id, "the id stays");
    world.verify().await;
});

scenario!(an_erased_person_stays_erased(world) {
    let admin = world.client(Who::Admin);
    let id = world.id(Who::Executive);
    let executive = world.client(Who::Executive);
    executive.list("risk", json!({})).await.unwrap();
    admin.act("person", id, "erase", json!({})).await.unwrap();
    assert_eq!(executive.list("risk", json!({})).await.unwrap_err().status, 401);
    let refused = admin.update("person", id, json!({"name": "Again"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/name", "ERASED")]);
    assert_eq!(admin.act("person", id, "enable", json!({})).await.unwrap_err().code, "WRONG_STATE");
    admin.update("person", id, json!({"labels": {"left": "2026"}})).await.unwrap();
    assert_eq!(admin.delete("person", id).await.unwrap().did(), "deleted");
    assert!(admin.undelete("person", id).await.unwrap()["name"].is_null());
    world.verify().await;
});

scenario!(the_feed_never_had_personal_data(world) {
    let admin = world.client(Who::Admin);
    let made = admin.create("person", json!({"name": "Ada Canary", "email": "canary@example.org"})).await.unwrap();
    let events = admin.all_events(json!({"kinds": ["person"]})).await;
    let last = events.last().unwrap();
    assert_eq!((&last["resource_id"], &last["after"]["state"]), (&json!(made.id()), &json!("active")));
    assert!(!json!(events).to_string().to_lowercase().contains("canary"));
});
