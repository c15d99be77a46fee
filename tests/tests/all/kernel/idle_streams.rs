//! Streams on a database to which other nodes write: told of everything, ended at once, and next to free while they wait.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use steerco_tests::{Door, Engine, Feed, Item, Setup, Who, World, postgres, run};

use crate::all::access::revocation::{end, grant_of, stream};

const STREAMS: usize = 60;
/// How long the statements are counted.
const WATCHED: Duration = Duration::from_secs(3);
/// Two statements of each of four looks a second, as often again, and what else a service does. One stream that looked
/// for itself would add as many again; sixty would be thousands.
const STATEMENTS_MAX: usize = 60;

/// A world with a database of its own and another node on it.
async fn nodes(shared: &World) -> (World, World) {
    let world = World::alone(shared.door, Engine::Postgres, Setup::default()).await.unwrap();
    let other = world.at(world.server.beside().await);
    (world, other)
}

fn psql(sql: &str) -> String {
    postgres::shared().unwrap().psql("postgres", sql).unwrap()
}

fn database(world: &World) -> &str {
    let path = world.server.database_url.split('?').next().unwrap();
    path.rsplit('/').next().unwrap()
}

/// The last statement of every connection to a database.
fn statements(database: &str) -> HashSet<String> {
    let sql = format!(
        "SELECT pid, query_start FROM pg_stat_activity WHERE datname = '{database}' AND query_start > '-infinity'"
    );
    psql(&sql).lines().map(str::to_owned).collect()
}

async fn streams(world: &World, count: usize) -> Vec<Feed> {
    let auditor = world.client(Who::Auditor);
    let mut feeds = Vec::new();
    for _ in 0..count {
        feeds.push(stream(&auditor).await);
    }
    feeds
}

async fn streams_that_wait_cost_together_what_one_does(shared: World) {
    let (world, other) = nodes(&shared).await;
    let mut feeds = streams(&world, STREAMS).await;
    // Until the first look has told each where the log ends.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = statements(database(&world));
    let (since, mut seen) = (Instant::now(), HashSet::new());
    while since.elapsed() < WATCHED {
        seen.extend(statements(database(&world)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen.retain(|statement| !before.contains(statement));
    assert!(seen.len() < STATEMENTS_MAX, "{STREAMS} streams that wait: {} statements", seen.len());
    assert!(!seen.is_empty(), "somebody looks");

    let risk = other.risk("Flood").await;
    for feed in &mut feeds {
        assert_eq!(feed.event().await["resource_id"], risk);
    }
    let grant = grant_of(&other, Who::Auditor).await;
    other.client(Who::Admin).act("grant", &grant, "revoke", json!({})).await.unwrap();
    for ended in futures::future::join_all(feeds.into_iter().map(end)).await {
        assert_eq!(ended, "PERMISSION_DENIED");
    }
}

async fn no_event_is_lost_with_a_connection(shared: World) {
    let (world, other) = nodes(&shared).await;
    let auditor = world.client(Who::Auditor);
    let head = auditor.list("source", json!({})).await.unwrap()["sync_token"].clone();
    let mut feeds = streams(&world, 3).await;
    let mut made = Vec::new();
    for round in 0..3 {
        psql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", database(&world)));
        let director = other.client(Who::Director).key(&format!("lost-{round}"));
        let body = json!({"program_id": world.program, "title": "Flood", "kind": "threat"});
        let since = Instant::now();
        made.push(loop {
            match director.create("risk", body.clone()).await {
                Ok(risk) => break risk.id().to_owned(),
                Err(refused) => assert!(refused.status >= 500 && since.elapsed() < Duration::from_secs(8), "{refused}"),
            }
        });
    }
    for feed in &mut feeds {
        let mut told = Vec::new();
        while told.len() < made.len() {
            match tokio::time::timeout(Duration::from_secs(20), feed.next()).await.unwrap().unwrap() {
                Ok(Item::Event(event)) => told.push(event["resource_id"].as_str().unwrap().to_owned()),
                Ok(Item::Bookmark(_)) => {}
                // It may have read on a connection that had died; then it says so, and is begun anew.
                Err(refused) => {
                    assert!(refused.status >= 500, "{refused}");
                    break;
                }
            }
        }
        assert!(made.starts_with(&told), "{told:?} of {made:?}");
    }
    // Whoever meets a connection that has died is told so, and it is gone.
    for _ in 0..40 {
        let _ = auditor.list("source", json!({})).await;
    }
    let mut anew = auditor.watch(json!({"kinds": ["risk"], "after": head})).await.unwrap();
    for risk in made {
        assert_eq!(anew.event().await["resource_id"], risk);
    }
}

#[test]
fn streams_that_wait_cost_together_what_one_does_rest() {
    run(Door::Rest, Engine::Postgres, streams_that_wait_cost_together_what_one_does);
}

#[test]
fn streams_that_wait_cost_together_what_one_does_grpc() {
    run(Door::Grpc, Engine::Postgres, streams_that_wait_cost_together_what_one_does);
}

#[test]
fn no_event_is_lost_with_a_connection_rest() {
    run(Door::Rest, Engine::Postgres, no_event_is_lost_with_a_connection);
}

#[test]
fn no_event_is_lost_with_a_connection_grpc() {
    run(Door::Grpc, Engine::Postgres, no_event_is_lost_with_a_connection);
}
