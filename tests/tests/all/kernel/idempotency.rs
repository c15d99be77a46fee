//! Idempotency keys: one key, one effect.

use std::time::Duration;

use serde_json::json;
use steerco_tests::{Door, Engine, Who, World, run, scenario};

use crate::all::kernel::bodies::fresh;
use crate::all::kernel::wire::sql;

scenario!(a_replay_is_the_stored_answer(world) {
    let director = world.client(Who::Director).key("k1");
    let body = json!({"program_id": world.program, "title": "Flood", "kind": "threat"});
    let first = director.create("risk", body.clone()).await.unwrap();
    let again = director.create("risk", body.clone()).await.unwrap();
    assert_eq!((first.replayed, again.replayed, again.did()), (false, true, "created"));
    assert_eq!((&again.json, &again.etag, again.status), (&first.json, &first.etag, first.status));
    director.key("k2").update("risk", first.id(), json!({"title": "Fire"})).await.unwrap();
    assert_eq!(director.create("risk", body).await.unwrap().json, first.json, "as it was answered then");
    let total = director.list("risk", json!({"include_total": true})).await.unwrap();
    assert_eq!(total["total"], "1");
});

scenario!(one_key_over_both_doors(world) {
    let (here, there) = match world.door {
        Door::Rest => (Door::Rest, Door::Grpc),
        Door::Grpc => (Door::Grpc, Door::Rest),
    };
    let director = world.client(Who::Director).key("both");
    let body = json!({
        "program_id": world.program, "title": "Flood", "kind": "threat", "probability": 0.5, "labels": {"a": "b"},
        "cost_likely": {"amount": "12.5000", "currency": "EUR"},
    });
    let first = director.through(here).create("risk", body.clone()).await.unwrap();
    let again = director.through(there).create("risk", body).await.unwrap();
    assert!(again.replayed, "the other door knows the key");
    assert_eq!(again.json, first.json);
    let patch = json!({"title": "Fire", "category": "Weather"});
    let id = first.id();
    director.key("u").through(here).update("risk", id, patch.clone()).await.unwrap();
    assert!(director.key("u").through(there).update("risk", id, patch).await.unwrap().replayed);
    let assess = json!({"probability": 0.25});
    director.key("a").through(here).act("risk", id, "assess", assess.clone()).await.unwrap();
    assert!(director.key("a").through(there).act("risk", id, "assess", assess).await.unwrap().replayed);
    director.key("d").through(here).delete("risk", id).await.unwrap();
    assert!(director.key("d").through(there).delete("risk", id).await.unwrap().replayed);
    let batch = json!({"items": [{"update": {"id": world.program, "patch": {"phase": "Design"}}}]});
    director.key("b").through(here).batch("program", batch.clone()).await.unwrap();
    assert!(director.key("b").through(there).batch("program", batch).await.unwrap().replayed);
});

scenario!(another_request_needs_another_key(world) {
    let director = world.client(Who::Director);
    let body = |title: &str| json!({"program_id": world.program, "title": title, "kind": "threat"});
    let made = director.key("k").create("risk", body("Flood")).await.unwrap();
    let refused = director.key("k").create("risk", body("Fire")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("IDEMPOTENCY_KEY_REUSED", 422));
    assert_eq!(director.key("k").delete("risk", made.id()).await.unwrap_err().status, 422, "another operation");
    let other = world.client(Who::Integration).key("k").create("risk", body("Fire")).await.unwrap();
    assert!(!other.replayed, "another caller's key is another key");
    let dry = director.key("dry").validate_only().create("risk", body("Dry")).await.unwrap();
    assert_eq!(dry.did(), "created");
    assert!(!director.key("dry").create("risk", body("Wet")).await.unwrap().replayed, "a dry run uses up no key");
});

scenario!(a_refusal_is_repeated_too(world) {
    let director = world.client(Who::Director).key("r");
    let body = json!({"program_id": world.portfolio.replace("port_", "prog_"), "title": "Flood", "kind": "threat"});
    let first = director.create("risk", body.clone()).await.unwrap_err();
    let again = director.create("risk", body).await.unwrap_err();
    assert_eq!(first.anonymous(), again.anonymous());
});

scenario!(a_secret_is_shown_once(world) {
    let (admin, account) = (world.client(Who::Admin).key("secret"), world.id(Who::Integration));
    let first = admin.act("service_account", account, "issue_secret", json!({})).await.unwrap();
    let secret = first.text("client_secret").to_owned();
    let again = admin.act("service_account", account, "issue_secret", json!({})).await.unwrap();
    assert!(again.replayed && again["client_secret"].is_null(), "{:?}", again.json);
    let dry = admin.key("dry").validate_only().act("service_account", account, "issue_secret", json!({})).await.unwrap();
    assert!(dry["client_secret"].is_null());
    let token = async |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={account}&client_secret={secret}");
        let request = world.nobody().raw("POST", "/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        request.body(form).plain().await
    };
    let issued = token(&secret).await;
    assert_eq!(issued.status, Some(200), "{:?}", issued.json);
    let sync = world.caller(issued.text("access_token").to_owned());
    assert_eq!(sync.list("risk", json!({})).await.unwrap().items().len(), 0);
    let newer = admin.key("next").act("service_account", account, "issue_secret", json!({})).await.unwrap();
    assert_eq!(token(&secret).await.status, Some(401), "the secret before stops working");
    assert_eq!(token(newer.text("client_secret")).await.status, Some(200));
    let disabled = admin.key("off").act("service_account", account, "disable", json!({})).await.unwrap();
    assert_eq!(disabled["state"], "disabled");
    assert_eq!(token(newer.text("client_secret")).await.status, Some(401));
    assert_eq!(sync.list("risk", json!({})).await.unwrap_err().status, 401, "at once, also for tokens that are out");
});

/// A key that a long request holds: who repeats it is told, who goes away leaves nothing behind.
async fn a_key_that_is_held_is_told(world: World) {
    let (director, key) = (world.client(Who::Director), format!("held-{}", fresh()));
    let create = async |key: &str| {
        let body = json!({"program_id": world.program, "title": "Flood", "kind": "threat"});
        director.key(key).create("risk", body).await
    };
    let first = create(&key).await.unwrap();
    let (server, held) = (world.server.clone(), key.clone());
    let holder = tokio::task::spawn_blocking(move || {
        let lock = format!(
            "SELECT pg_advisory_lock(hashtextextended(org || E'\\n' || subject || E'\\n' || key, 0)), pg_sleep(8) \
             FROM idempotency WHERE key = '{held}'"
        );
        tokio::runtime::Handle::current().block_on(sql(&server, &lock)).unwrap();
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let refused = create(&key).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retry_after), ("IDEMPOTENCY_KEY_IN_USE", Some(1)), "{refused}");
    for gone in
        futures::future::join_all((0..4).map(|_| tokio::time::timeout(Duration::from_millis(200), create(&key)))).await
    {
        assert!(gone.is_err(), "it waits for the key");
    }
    holder.await.unwrap();
    let again = create(&key).await.unwrap();
    assert_eq!((again.replayed, again.id()), (true, first.id()));
    for n in 0..40 {
        create(&format!("{key}-{n}")).await.unwrap();
        director.get("risk", first.id()).await.unwrap();
    }
}

#[test]
fn a_key_that_is_held_is_told_rest() {
    run(Door::Rest, Engine::Postgres, a_key_that_is_held_is_told);
}

#[test]
fn a_key_that_is_held_is_told_grpc() {
    run(Door::Grpc, Engine::Postgres, a_key_that_is_held_is_told);
}
