//! Principals: accounts at issuers, each of one person, switched off without touching the person.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

fn body(world: &World, subject: &str) -> Value {
    json!({"person_id": world.id(Who::Finance), "issuer": "https://id.example.org", "subject": subject})
}

scenario!(an_account_stands_for_one_person(world) {
    let admin = world.client(Who::Admin);
    let subject = format!("ada-{}", world.org);
    let made = admin.create("principal", body(&world, &subject)).await.unwrap();
    assert_eq!((&made["state"], &made["unconfirmed_since"]), (&json!("active"), &made["created_at"]));
    let confirmed = world.client(Who::Director).act("principal", made.id(), "confirm", json!({})).await.unwrap();
    assert_eq!((&confirmed["unconfirmed_since"], &confirmed["confirmed_by"]), (&Value::Null, &json!(world.id(Who::Director))));
    let again = world.client(Who::Director).act("principal", made.id(), "confirm", json!({})).await.unwrap_err();
    assert_eq!(again.code, "WRONG_STATE");
    let mut second = body(&world, &subject);
    second["person_id"] = json!(world.id(Who::Director));
    let refused = admin.create("principal", second.clone()).await.unwrap_err();
    assert_eq!(refused.code, "ALREADY_EXISTS", "one subject of an issuer is one person: {refused}");
    second["issuer"] = json!("https://other.example.org");
    admin.create("principal", second).await.unwrap();
    let refused = admin.update("principal", made.id(), json!({"person_id": world.id(Who::Director)})).await.unwrap_err();
    assert!(["/person_id", "/update_mask"].contains(&refused.places()[0].0), "an account is not handed on: {refused}");
    let mut nobody = body(&world, "grace");
    nobody["person_id"] = json!(crate::all::kernel::bodies::unknown("person"));
    assert_eq!(admin.create("principal", nobody).await.unwrap_err().places(), [("/person_id", "NOT_FOUND")]);
    world.verify().await;
});

scenario!(who_logs_in_is_not_for_everyone_to_read(world) {
    let (admin, director, auditor) = (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Auditor));
    let made = admin.create("principal", body(&world, &format!("grace-{}", world.org))).await.unwrap();
    assert_eq!(auditor.get("principal", made.id()).await.unwrap()["subject"], made["subject"]);
    let manager = world.client(Who::ProgramManager);
    assert_eq!(manager.get("principal", made.id()).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(director.get("principal", made.id()).await.unwrap()["subject"], made["subject"], "who confirms has read it");
    assert_eq!(auditor.act("principal", made.id(), "disable", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let disabled = admin.act("principal", made.id(), "disable", json!({})).await.unwrap();
    assert_eq!(disabled["state"], "disabled");
    assert_eq!(admin.get("person", world.id(Who::Finance)).await.unwrap()["state"], "active", "the person acts otherwise");
    let then = auditor.as_of(made.text("updated_at")).get("principal", made.id()).await.unwrap();
    assert_eq!(then["state"], "active");
    assert_eq!(admin.delete("person", world.id(Who::Finance)).await.unwrap_err().code, "HAS_CHILDREN");
    world.verify().await;
});
