//! A failure of the service is found in its log by the id of the request, and nothing of it reaches the client.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};
use steerco_tests::{Refused, Setup, Who, World, scenario};

use super::wire::sql;

/// What the servers of this process log, one JSON object a line.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log: Arc<Mutex<Vec<u8>>> = Arc::default();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::WARN);
    let sink = Arc::clone(&log);
    lines.with_writer(move || Sink(Arc::clone(&sink))).init();
    log
});

/// Appends to a log.
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines of a request.
fn lines(request_id: &str) -> Vec<Value> {
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["request_id"] == request_id).collect()
}

/// A world of its own, as the scenario breaks its database.
async fn breakable(shared: &World) -> World {
    LazyLock::force(&LOG);
    World::alone(shared.door, shared.server.engine, Setup::default()).await.unwrap()
}

/// The one line of this failure; the client was told nothing but the id of its request.
fn traced(world: &World, refused: &Refused, request_id: &str, operation: &str, secrets: &[&str]) -> Value {
    assert_eq!((refused.code.as_str(), refused.status, refused.request_id.as_str()), ("INTERNAL", 500, request_id));
    assert_eq!(refused.detail, "the error was logged with the request id");
    let told = format!("{refused:?}");
    for secret in secrets.iter().chain(&["SELECT", "SQLSTATE", "crates/"]) {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    let lines = lines(request_id);
    let [line] = lines.as_slice() else { panic!("{} lines: {lines:?}", lines.len()) };
    assert_eq!((&line["level"], &line["operation"]), (&json!("ERROR"), &json!(operation)), "{line}");
    assert_eq!(
        (&line["caller"], &line["organisation"]),
        (&json!(world.id(Who::Director)), &json!(world.org)),
        "{line}"
    );
    assert!(line["at"].as_str().is_some_and(|at| at.contains(".rs:")), "{line}");
    line.clone()
}

fn risk(world: &World, title: &str) -> Value {
    json!({"program_id": world.program, "title": title, "kind": "threat"})
}

scenario!(a_statement_that_fails_is_found_by_its_request(shared) {
    let world = breakable(&shared).await;
    let director = world.client(Who::Director);
    let id = director.create("risk", risk(&world, "Flood")).await.unwrap().id().to_owned();
    sql(&world.server, "ALTER TABLE risk RENAME TO gone").await.unwrap();
    let request = format!("failed-{id}");
    let refused = director.request_id(&request).get("risk", &id).await.unwrap_err();
    let line = traced(&world, &refused, &request, "get_risk", &["no such table", "42P01"]);
    assert!(line["statement"].as_str().is_some_and(|sql| sql.contains("FROM \"risk\"")), "{line}");
    let cause = line["cause"].as_str().unwrap();
    assert!(cause.contains("no such table") || cause.contains("42P01"), "{line}");

    let request = format!("unwritten-{id}");
    let refused = director.request_id(&request).create("risk", risk(&world, "Fire")).await.unwrap_err();
    let line = traced(&world, &refused, &request, "create_risk", &["no such table", "42P01"]);
    assert!(line["statement"].as_str().is_some_and(|sql| sql.contains("risk")), "{line}");
});

scenario!(a_cell_that_cannot_be_read_is_found_by_its_request(shared) {
    let world = breakable(&shared).await;
    let director = world.client(Who::Director);
    let id = director.create("risk", risk(&world, "Flood")).await.unwrap().id().to_owned();
    sql(&world.server, "UPDATE risk SET state = 'bent'").await.unwrap();
    let request = format!("bent-{id}");
    let refused = director.request_id(&request).get("risk", &id).await.unwrap_err();
    let line = traced(&world, &refused, &request, "get_risk", &["bent\""]);
    assert!(line["statement"].as_str().is_some_and(|sql| sql.contains("FROM \"risk\"")), "{line}");
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("state")), "{line}");
});

scenario!(a_stored_response_that_cannot_be_read_is_found_by_its_request(shared) {
    let world = breakable(&shared).await;
    let director = world.client(Who::Director).key("twice");
    let id = director.create("risk", risk(&world, "Flood")).await.unwrap().id().to_owned();
    sql(&world.server, "UPDATE idempotency SET answer = 'bent'").await.unwrap();
    let request = format!("stored-{id}");
    let refused = director.request_id(&request).create("risk", risk(&world, "Flood")).await.unwrap_err();
    let line = traced(&world, &refused, &request, "create_risk", &["bent", "expected value"]);
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("expected value")), "{line}");
    assert!(line["at"].as_str().is_some_and(|at| at.starts_with("crates/service/")), "{line}");
});

scenario!(an_error_of_the_caller_is_not_logged(shared) {
    LazyLock::force(&LOG);
    let director = shared.client(Who::Director).request_id("mistaken");
    assert_eq!(director.create("risk", json!({})).await.unwrap_err().code, "INVALID_ARGUMENT");
    assert!(lines("mistaken").is_empty());
});
