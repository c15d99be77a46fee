//! Bodies that create, for scenarios that go through every kind.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use steerco_tests::{Client, Who, World};

/// A number that no other body of this process has.
pub(crate) fn fresh() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A body that creates one of this kind, as often as one likes.
pub(crate) fn body(world: &World, kind: &str) -> Value {
    let n = fresh();
    match kind {
        "person" => json!({"name": format!("Person {n}"), "email": "ada@example.org"}),
        "principal" => json!({
            "person_id": world.id(Who::Finance), "issuer": "https://id.example.org", "subject": format!("u{n}"),
        }),
        "grant" => json!({"person_id": world.id(Who::Finance), "role": "auditor", "portfolio_id": world.portfolio}),
        "source" => json!({"code": format!("source-{n}"), "name": format!("Source {n}")}),
        "service_account" => json!({"name": format!("Account {n}")}),
        "portfolio" => json!({"code": format!("portfolio-{n}"), "name": "Portfolio", "base_currency": "EUR"}),
        "program" => json!({
            "portfolio_id": world.portfolio, "code": format!("program-{n}"), "name": "Program", "currency": "EUR",
        }),
        "project" => json!({"program_id": world.program, "code": format!("project-{n}"), "name": "Project"}),
        "risk" => json!({"program_id": world.program, "title": format!("Risk {n}"), "kind": "threat"}),
        other => panic!("no body for {other}: say here what creates one"),
    }
}

/// A valid body of this verb.
pub(crate) fn verb_body(kind: &str, verb: &str) -> Value {
    match (kind, verb) {
        ("grant", "revoke") => json!({"reason": "ended"}),
        ("risk", "assess") => json!({"probability": 0.5, "cost_likely": {"amount": "10", "currency": "EUR"}}),
        ("risk", "respond") => json!({"response": "mitigate"}),
        _ => json!({}),
    }
}

/// Kinds that a caller can create.
pub(crate) const CREATABLE: [&str; 9] =
    ["person", "principal", "grant", "source", "service_account", "portfolio", "program", "project", "risk"];

/// Who may do everything with this kind.
pub(crate) fn keeper(world: &World, kind: &str) -> Client {
    let director = matches!(kind, "portfolio" | "program" | "project" | "risk");
    world.client(if director { Who::Director } else { Who::Admin })
}

/// One of this kind, made by whoever may; the organisation itself is there already.
pub(crate) async fn make(world: &World, kind: &str) -> String {
    if kind == "organisation" {
        return world.org.clone();
    }
    keeper(world, kind).create(kind, body(world, kind)).await.unwrap().id().to_owned()
}

/// A well-formed id that nobody has.
pub(crate) fn unknown(kind: &str) -> String {
    let prefix = steerco_domain::find_kind(kind).unwrap().prefix;
    steerco_domain::id::encode(prefix, 0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(fresh()))
}
