//! The client crate as a tool uses it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream;
use serde_json::json;
use steerco_client::v1::risk_service_client::RiskServiceClient;
use steerco_client::v1::{CreateRiskRequest, Deliverable, GetRequest, ListRequest, Risk, WatchRequest};
use steerco_client::{Client, Error, Record, Token, Upsert};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{CuttingProxy, Door, Engine, Setup, Who, World, run};

use crate::all::kernel::cut_answers::patient;

/// Once on each database; there is one door.
macro_rules! client_scenario {
    ($(#[$doc:meta])* $name:ident($world:ident) $body:block) => {
        $(#[$doc])*
        async fn $name($world: World) $body

        mod $name {
            use super::{Door, Engine, run};

            #[test]
            fn grpc_sqlite() {
                run(Door::Grpc, Engine::Sqlite, super::$name);
            }
            #[test]
            fn grpc_postgres() {
                run(Door::Grpc, Engine::Postgres, super::$name);
            }
        }
    };
}

fn token(world: &World, who: Who) -> String {
    world.mint(&world.org, world.id(who), |_| {})
}

client_scenario!(refusals_are_read_whole(world) {
    let client = patient(&world.server.url, token(&world, Who::Director));
    let mut risks = RiskServiceClient::new(client);
    let unknown = GetRequest { id: world.portfolio.replace("port_", "risk_"), ..GetRequest::default() };
    let refused = Error::from(risks.get_risk(unknown).await.unwrap_err());
    let refusal = refused.refusal().unwrap();
    assert_eq!((refusal.code.as_str(), refused.is_retryable()), ("NOT_FOUND", false));
    assert!(!refusal.request_id.is_empty());
    let wrong = Risk { title: "x".repeat(201), ..Risk::default() };
    let request = CreateRiskRequest { risk: Some(wrong), ..CreateRiskRequest::default() };
    let refused = Error::from(risks.create_risk(request).await.unwrap_err());
    let places: BTreeSet<&str> = refused.refusal().unwrap().faults.iter().map(|f| f.pointer.as_str()).collect();
    assert!(places.contains("/title") && places.contains("/kind") && places.contains("/program_id"), "{refused}");
});

client_scenario!(lists_are_read_to_their_end(world) {
    for n in 0..25 {
        world.risk(&format!("Risk {n}")).await;
    }
    let client = patient(&world.server.url, token(&world, Who::Director));
    let mut pages = client.list::<Risk>(ListRequest { page_size: 10, include_total: true, ..ListRequest::default() });
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        assert!(page.total == Some(25) && !page.sync_token.is_empty());
        sizes.push(page.items.len());
    }
    assert_eq!(sizes, [10, 10, 5]);
    let all = client.list::<Risk>(ListRequest { page_size: 10, ..ListRequest::default() }).all().await.unwrap();
    assert_eq!(all.iter().map(|risk| &risk.title).collect::<BTreeSet<_>>().len(), 25);
    let refused = client.list::<Risk>(ListRequest { page_size: 5_000, ..ListRequest::default() }).all().await;
    assert_eq!(refused.unwrap_err().refusal().unwrap().code, "INVALID_ARGUMENT");
});

client_scenario!(tokens_are_fetched_and_fetched_again(world) {
    let admin = world.client(Who::Admin);
    let account = admin.create("service_account", json!({"name": "Tool"})).await.unwrap().id().to_owned();
    admin.create("grant", json!({"service_account_id": account, "role": "integration"})).await.unwrap();
    let issued = admin.act("service_account", &account, "issue_secret", json!({})).await.unwrap();
    let client = |secret: &str| {
        let token = Token::Credentials { client_id: account.clone(), client_secret: secret.to_owned() };
        Client::builder(&world.server.url).token(token).build().unwrap()
    };
    let all = async |client: Client| client.list::<Risk>(ListRequest::default()).all().await;
    assert_eq!(all(client(issued.text("client_secret"))).await.unwrap(), []);
    let refused = all(client("nonsense")).await.unwrap_err();
    assert!(refused.to_string().contains("no token was issued"), "{refused}");
    assert!(!refused.is_retryable());
    assert!(!format!("{:?}", Token::Text("secret".into())).contains("secret"));
});

client_scenario!(
/// The small form of the sync of 100,000: the second time nothing happens.
a_second_sync_makes_no_event(world) {
    let client = patient(&world.server.url, token(&world, Who::Integration));
    let how = Upsert { source: World::SOURCE.to_owned(), ..Upsert::default() };
    let program = world.program.clone();
    let records = move || {
        let program = program.clone();
        stream::iter((0..2_000).map(move |n| {
            let part = Deliverable { program_id: Some(program.clone()), title: format!("Part {n}"), ..Deliverable::default() };
            Ok(Record::new(format!("D-{n}"), &part))
        }))
    };
    let dry = Upsert { validate_only: true, ..how.clone() };
    assert_eq!(client.upsert::<Deliverable, _>(&dry, &records).await.unwrap().counts.created, 2_000);
    let first = client.upsert::<Deliverable, _>(&how, &records).await.unwrap();
    assert_eq!((first.counts.created, first.results.len(), first.replayed), (2_000, 2_000, false));
    let head = client.list::<Deliverable>(ListRequest { page_size: 1, ..ListRequest::default() });
    let head = { let mut pages = head; pages.next().await.unwrap().unwrap().sync_token };
    let second = client.upsert::<Deliverable, _>(&how, &records).await.unwrap();
    assert_eq!((second.counts.unchanged, second.counts.records), (2_000, 2_000));
    let events = world.client(Who::Integration).all_events(json!({"after": head})).await;
    assert_eq!(events, Vec::<serde_json::Value>::new());
    let broken = || stream::iter([Err::<Record, _>(Error::Local("the disk is gone".into()))]);
    let error = client.upsert::<Deliverable, _>(&how, broken).await.unwrap_err();
    assert_eq!(error, Error::Local("the disk is gone".into()));
    world.verify().await;
});

client_scenario!(
/// A stream whose answer is cut is sent again under its key.
a_stream_has_one_effect_though_answers_are_cut(world) {
    let proxy = CuttingProxy::start(&world.server.url, 30).await;
    let client = patient(&proxy.url, token(&world, Who::Integration));
    let how = Upsert { source: World::SOURCE.to_owned(), ..Upsert::default() };
    let program = world.program.clone();
    for run in 0..20 {
        let records = || {
            let program = program.clone();
            stream::iter((0..30).map(move |n| {
                let title = format!("Run {run}");
                let part = Deliverable { program_id: Some(program.clone()), title, ..Deliverable::default() };
                Ok(Record::new(format!("D-{run}-{n}"), &part))
            }))
        };
        assert_eq!(client.upsert::<Deliverable, _>(&how, records).await.unwrap().counts.created, 30);
    }
    assert!(proxy.cuts() > 0);
    let director = patient(&world.server.url, token(&world, Who::Director));
    let all = director.list::<Deliverable>(ListRequest { page_size: 1_000, ..ListRequest::default() }).all().await;
    assert_eq!(all.unwrap().len(), 600);
    world.verify().await;
});

client_scenario!(a_watch_misses_and_repeats_nothing(world) {
    let proxy = CuttingProxy::start(&world.server.url, 20).await;
    let client = patient(&proxy.url, token(&world, Who::Director));
    let mut pages = client.list::<Risk>(ListRequest { page_size: 1, ..ListRequest::default() });
    let after = pages.next().await.unwrap().unwrap().sync_token;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let following = tokio::spawn(async move {
        let mut watch = client.watch(WatchRequest { after, kinds: vec!["risk".into()], ..WatchRequest::default() });
        while noted.lock().unwrap().len() < 60 {
            let events = watch.next().await.unwrap().events;
            noted.lock().unwrap().extend(events.into_iter().map(|event| event.resource_id));
        }
        watch.cursor().to_owned()
    });
    let mut made = Vec::new();
    for n in 0..60 {
        made.push(world.risk(&format!("Watched {n}")).await);
    }
    let cursor = tokio::time::timeout(Duration::from_mins(1), following).await.unwrap().unwrap();
    assert_eq!(*seen.lock().unwrap(), made, "after {} cuts", proxy.cuts());
    assert_eq!(world.client(Who::Director).all_events(json!({"after": cursor, "kinds": ["risk"]})).await.len(), 0);
});

client_scenario!(an_expired_cursor_is_told(shared) {
    let clock = Clock::fixed(Instant::parse("2026-01-31T09:00:00Z").unwrap(), 7);
    let setup = Setup { clock, feed_days: 30, ..Setup::default() };
    let world = World::alone(shared.door, shared.server.engine, setup).await.unwrap();
    let client = patient(&world.server.url, token(&world, Who::Director));
    let mut pages = client.list::<Risk>(ListRequest { page_size: 1, ..ListRequest::default() });
    let after = pages.next().await.unwrap().unwrap().sync_token;
    world.risk("Flood").await;
    world.server.service.clock().advance(31 * 86_400_000_000);
    // The token is as old.
    let client = patient(&world.server.url, token(&world, Who::Director));
    let expired = client.watch(WatchRequest { after, ..WatchRequest::default() }).next().await.unwrap_err();
    assert!(expired.is_cursor_expired() && !expired.is_retryable(), "{expired}");
});
