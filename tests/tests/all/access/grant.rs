//! Grants: made by others, for a time, and gone at once when revoked.

use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{Setup, Who, World, scenario};

scenario!(nobody_grants_to_themselves(world) {
    let admin = world.client(Who::Admin);
    let body = json!({"person_id": world.id(Who::Admin), "role": "director"});
    assert_eq!(admin.create("grant", body.clone()).await.unwrap_err().code, "PERMISSION_DENIED");
    let refused = admin.batch("grant", json!({"items": [{"create": body}]})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let mine = admin.list("grant", json!({"filter": format!("person_id = '{}'", world.id(Who::Admin))})).await.unwrap();
    let mine = mine.items()[0]["id"].as_str().unwrap();
    let refused = admin.update("grant", mine, json!({"role": "director"})).await.unwrap_err();
    let pointer = refused.faults[0].pointer.as_str();
    assert!(matches!(pointer, "/role" | "/update_mask"), "a grant is not changed: {refused}");
    let director = world.client(Who::Director);
    let other = json!({"person_id": world.id(Who::Finance), "role": "auditor"});
    assert_eq!(director.create("grant", other).await.unwrap_err().code, "PERMISSION_DENIED");
});

scenario!(grants_that_make_no_sense(world) {
    let admin = world.client(Who::Admin);
    let holder = world.id(Who::Finance);
    let cases: [(Value, &str); 6] = [
        (json!({"role": "auditor"}), "ONE_HOLDER"),
        (json!({"person_id": holder, "service_account_id": world.id(Who::Vendor), "role": "auditor"}), "ONE_HOLDER"),
        (json!({"person_id": holder, "role": "auditor", "portfolio_id": world.portfolio, "program_id": world.program}), "ONE_REACH"),
        (json!({"person_id": holder, "role": "vendor"}), "VENDOR_REACH"),
        (json!({"person_id": holder, "role": "admin", "program_id": world.program}), "ADMIN_REACH"),
        (json!({"person_id": holder, "role": "auditor", "valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}), "OUT_OF_ORDER"),
    ];
    for (body, code) in cases {
        let refused = admin.create("grant", body.clone()).await.unwrap_err();
        assert_eq!(refused.faults[0].code, code, "{body}: {refused}");
    }
});

scenario!(a_delegation_has_dates(shared) {
    let clock = Clock::fixed(Instant::parse("2026-01-31T09:00:00Z").unwrap(), 7);
    let world = World::alone(shared.door, shared.server.engine, Setup { clock, ..Setup::default() }).await.unwrap();
    let admin = world.client(Who::Admin);
    let person = admin.create("person", json!({"name": "Deputy"})).await.unwrap().id().to_owned();
    let deputy = world.client_of(&person);
    let denied = async || deputy.list("risk", json!({})).await.unwrap_err().code == "PERMISSION_DENIED";
    assert!(denied().await, "without a grant");
    let grant = json!({
        "person_id": person, "role": "director", "reason": "covers a leave",
        "valid_from": "2026-02-02T00:00:00Z", "valid_until": "2026-02-16T00:00:00Z",
    });
    admin.create("grant", grant).await.unwrap();
    assert!(denied().await, "not yet");
    let day = 86_400_000_000;
    world.server.service.clock().advance(2 * day);
    assert_eq!(deputy.list("risk", json!({})).await.unwrap().items().len(), 0);
    world.server.service.clock().advance(13 * day);
    assert!(deputy.list("risk", json!({})).await.is_ok(), "the last day");
    world.server.service.clock().advance(day);
    assert!(denied().await, "over");
});

scenario!(revocation_holds_at_once(world) {
    let admin = world.client(Who::Admin);
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let after = director.list("risk", json!({})).await.unwrap()["sync_token"].clone();
    let mut feed = director.watch(json!({"after": after})).await.unwrap();
    director.update("risk", &risk, json!({"title": "Fire"})).await.unwrap();
    assert_eq!(feed.event().await["resource_id"], risk);
    let filter = format!("person_id = '{}'", world.id(Who::Director));
    let grant = admin.list("grant", json!({"filter": filter})).await.unwrap().items()[0]["id"].as_str().unwrap().to_owned();
    let revoked = admin.act("grant", &grant, "revoke", json!({"reason": "left"})).await.unwrap();
    assert!(revoked["revoked_at"].is_string() && revoked["reason"] == "left");
    assert_eq!(director.get("risk", &risk).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(director.update("risk", &risk, json!({"title": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    let end = loop {
        match feed.next().await {
            Some(Ok(_)) => {}
            Some(Err(refused)) => break refused,
            None => panic!("the stream ended without a word"),
        }
    };
    assert_eq!(end.code, "PERMISSION_DENIED", "open streams end");
    assert!(feed.next().await.is_none());
    assert_eq!(admin.act("grant", &grant, "revoke", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let again = json!({"person_id": world.id(Who::Director), "role": "director"});
    admin.create("grant", again).await.unwrap();
    assert!(director.get("risk", &risk).await.is_ok());
});

scenario!(a_disabled_person_may_nothing(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    director.list("risk", json!({})).await.unwrap();
    admin.act("person", world.id(Who::Director), "disable", json!({})).await.unwrap();
    let refused = director.list("risk", json!({})).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("UNAUTHENTICATED", 401));
    admin.act("person", world.id(Who::Director), "enable", json!({})).await.unwrap();
    director.list("risk", json!({})).await.unwrap();
    assert_eq!(world.nobody().list("risk", json!({})).await.unwrap_err().status, 401);
});
