//! Sources: systems that feed data in, and the fields that are theirs alone.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

fn owns(fields: &[(&str, &str)]) -> Value {
    let fields: Vec<Value> = fields.iter().map(|(kind, field)| json!({"kind": kind, "field": field})).collect();
    json!({"owned_fields": fields})
}

scenario!(a_field_has_one_owner_and_must_be_one(world) {
    let admin = world.client(Who::Admin);
    let wrong = owns(&[("project", "phase"), ("project", "revision"), ("dream", "title"), ("project", "phase")]);
    let refused = admin.update("source", &world.source_id, wrong).await.unwrap_err();
    let expected =
        [("/owned_fields/1", "UNKNOWN_FIELD"), ("/owned_fields/2", "UNKNOWN_FIELD"), ("/owned_fields/3", "DUPLICATE")];
    assert_eq!(refused.places(), expected);
    let owned = admin.update("source", &world.source_id, owns(&[("project", "phase")])).await.unwrap();
    let since = owned["owned_fields"][0]["since"].clone();
    assert!(since.is_string(), "the service says since when");
    let again = admin.update("source", &world.source_id, owns(&[("project", "phase"), ("project", "name")])).await.unwrap();
    assert_eq!(again["owned_fields"][0]["since"], since, "what it owned it goes on owning");
    let mut other = owns(&[("project", "phase")]);
    (other["code"], other["name"]) = (json!("erp"), json!("Ledger"));
    let refused = admin.create("source", other).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/owned_fields/0", "another owns it already: {refused}");
    world.verify().await;
});

scenario!(what_a_source_owns_only_it_writes(world) {
    let (admin, director, sync) = (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Integration));
    admin.update("source", &world.source_id, owns(&[("project", "phase")])).await.unwrap();
    let body = json!({"program_id": world.program, "code": "gym", "name": "Gym", "phase": "Design"});
    let fed = sync.upsert("project", World::SOURCE, "P-1", body).await.unwrap().id().to_owned();
    let refused = director.update("project", &fed, json!({"phase": "Build"})).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/phase", "{refused}");
    director.update("project", &fed, json!({"name": "Gymnasium"})).await.unwrap();
    let own = world.project("hall").await;
    director.update("project", &own, json!({"phase": "Build"})).await.unwrap();
    world.verify().await;
});

scenario!(a_code_stays_and_is_known_to_insiders(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let refused = admin.update("source", &world.source_id, json!({"code": "tracker"})).await.unwrap_err();
    assert!(["/code", "/update_mask"].contains(&refused.places()[0].0), "references name it: {refused}");
    let refused = admin.create("source", json!({"code": World::SOURCE, "name": "x"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/code", "ALREADY_EXISTS")]);
    assert_eq!(director.get("source", &world.source_id).await.unwrap()["code"], World::SOURCE);
    assert_eq!(director.update("source", &world.source_id, json!({"name": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(world.client(Who::Vendor).get("source", &world.source_id).await.unwrap_err().code, "PERMISSION_DENIED");
    let risk = world.risk("Flood").await;
    assert_eq!(director.add_ref("risk", &risk, "nowhere", "R-1").await.unwrap_err().faults[0].code, "UNKNOWN_SOURCE");
    world.verify().await;
});
