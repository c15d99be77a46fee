//! Idempotency keys: one key, one effect.

use serde_json::json;
use steerco_domain::access::TABLE;
use steerco_tests::{Answer, Client, Door, Reply, Who, scenario};

use super::bodies::{CREATABLE, body, is_verb, keeper, make, verb_body};

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

/// Sends one write 64 times at once under one key: one effect, one answer.
async fn burst(what: &str, write: impl AsyncFn() -> Reply) -> Reply {
    let all: Vec<_> = futures::future::join_all((0..64).map(|_| write())).await;
    for refused in all.iter().filter_map(|answer| answer.as_ref().err()) {
        let busy = matches!(refused.code.as_str(), "IDEMPOTENCY_KEY_IN_USE" | "UNAVAILABLE");
        assert!(!busy || refused.retry_after.is_some(), "{what}: {refused}");
    }
    let busy = |answer: &Reply| answer.as_ref().is_err_and(|refused| refused.retry_after.is_some());
    let answered: Vec<&Reply> = all.iter().filter(|answer| !busy(answer)).collect();
    let said = |answer: &Reply| match answer {
        Ok(answer) => {
            let mut json = answer.json.clone();
            // A secret is shown to the first alone.
            for secret in ["client_secret", "secret"] {
                json.as_object_mut().unwrap().remove(secret);
            }
            format!("{:?} {json}", answer.etag)
        }
        Err(refused) => format!("{:?}", refused.clone().anonymous()),
    };
    let first = answered.first().unwrap_or_else(|| panic!("{what}: nobody was answered"));
    assert!(answered.iter().all(|answer| said(answer) == said(first)), "{what}: one answer");
    let effects = answered.iter().filter(|answer| answer.as_ref().is_ok_and(|done| !done.replayed)).count();
    assert_eq!(effects, usize::from(first.is_ok()), "{what}: one effect, or none of what is refused");
    (*first).clone()
}

scenario!(many_equal_requests_at_once(world) {
    let revision = async |client: &Client, kind: &str, id: &str| {
        client.get(kind, id).await.unwrap()["revision"].as_i64().unwrap()
    };
    for kind in CREATABLE {
        let client = keeper(&world, kind);
        let made = body(&world, kind);
        let key = |n: &str| client.key(&format!("burst-{kind}-{n}"));
        let before = client.list(kind, json!({"include_total": true})).await.unwrap();
        burst(kind, async || key("create").create(kind, made.clone()).await).await.unwrap();
        let after = client.list(kind, json!({"include_total": true})).await.unwrap();
        let count = |page: &Answer| page.text("total").parse::<i64>().unwrap();
        assert_eq!(count(&after), count(&before) + 1, "{kind}: one is made");
        let batch = json!({"items": [{"create": body(&world, kind)}]});
        burst(kind, async || key("batch").batch(kind, batch.clone()).await).await.unwrap();
        for row in TABLE.iter().filter(|row| row.kind == kind) {
            let id = make(&world, kind).await;
            let input = verb_body(kind, row.action);
            let what = format!("{kind} {}", row.action);
            let done = match row.action {
                "delete" => burst(&what, async || key("delete").delete(kind, &id).await).await,
                verb if is_verb(row) && verb != "reconcile" => {
                    burst(&what, async || key(verb).act(kind, &id, verb, input.clone()).await).await
                }
                _ => continue,
            };
            // Reading and sending are no changes.
            let silent = matches!((kind, row.action), ("consumer", "acknowledge" | "replay"));
            let expected = if done.is_ok() && !silent { 2 } else { 1 };
            assert_eq!(revision(&client, kind, &id).await, expected, "{what}: one revision");
            if row.action == "delete" && done.is_ok() {
                burst(&what, async || key("undelete").undelete(kind, &id).await).await.unwrap();
                assert_eq!(revision(&client, kind, &id).await, 3, "{what}: undone once");
            }
        }
    }
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
