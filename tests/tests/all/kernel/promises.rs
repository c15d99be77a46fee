//! The feed has no gap and no repeat (R7), and what was known at any instant can be read again (R6).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Engine, Who, World, run, scenario};

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

const WRITERS: usize = 8;
const WRITES: usize = 20;

/// Creates and changes risks; every tenth wish is refused and must leave no trace.
async fn write(director: Client, program: String, writer: usize, count: usize) {
    let mut ids: Vec<String> = Vec::new();
    for i in 0..count {
        if i % 10 == 9 {
            let refused = json!({"program_id": program, "title": "", "kind": "threat"});
            director.create("risk", refused).await.unwrap_err();
        } else if let Some(id) = ids.get(i % 4) {
            let title = format!("{writer} {i}");
            director.update("risk", id, json!({ "title": title })).await.unwrap();
        } else {
            let body = json!({"program_id": program, "title": format!("{writer} {i}"), "kind": "threat"});
            ids.push(director.create("risk", body).await.unwrap().id().to_owned());
        }
    }
    director.delete("risk", &ids[0]).await.unwrap();
}

/// Reads on and on, forgetting everything but its cursor now and then, until it has seen so many events.
async fn follow(director: Client, start: String, count: usize, seed: u64) -> Vec<Value> {
    let mut draws = Draws(seed);
    let (mut cursor, mut found) = (start, Vec::new());
    while found.len() < count {
        let size = 1 + draws.below(20);
        let page = director.events(json!({"after": cursor, "page_size": size})).await.unwrap();
        let events = page.items();
        // A consumer that is cut off goes on from an event in the middle of what it was sent.
        let kept = if draws.below(4) == 0 { events.len() / 2 } else { events.len() };
        found.extend_from_slice(&events[..kept]);
        if kept == events.len() {
            page.text("next_cursor").clone_into(&mut cursor);
        } else if let Some(last) = events[..kept].last() {
            last["cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
        if events.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    found
}

/// The state that the events make.
fn fold(events: &[Value]) -> BTreeMap<String, Value> {
    let mut state = BTreeMap::new();
    for event in events {
        let id = event["resource_id"].as_str().unwrap().to_owned();
        match event.get("after") {
            Some(after) if event["deleted"] == false => state.insert(id, after.clone()),
            _ => state.remove(&id),
        };
    }
    state
}

/// R7: eight writers, refusals among them, four consumers that are cut off at random.
async fn has_no_gap(world: World, each: usize) {
    let director = world.client(Who::Director);
    let start = director.list("risk", json!({})).await.unwrap().text("sync_token").to_owned();
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(director.clone(), world.program.clone(), writer, each))).collect();
    let count = WRITERS * (each - each / 10 + 1);
    let consumers: Vec<_> =
        (0..4).map(|seed| tokio::spawn(follow(director.clone(), start.clone(), count, seed))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let state: BTreeMap<String, Value> = director
        .list_all("risk", json!({"page_size": 1000}))
        .await
        .unwrap()
        .into_iter()
        .map(|risk| (risk["id"].as_str().unwrap().to_owned(), risk))
        .collect();
    for consumer in consumers {
        let events = consumer.await.unwrap();
        let numbers: Vec<i64> = events.iter().map(|e| e["seq"].as_str().unwrap().parse().unwrap()).collect();
        let first = numbers[0];
        assert_eq!(numbers, (first..first + i64::try_from(count).unwrap()).collect::<Vec<_>>());
        assert!(events.windows(2).all(|pair| pair[0]["at"].as_str() <= pair[1]["at"].as_str()));
        assert_eq!(fold(&events), state);
    }
    world.verify().await;
}

scenario!(the_feed_has_no_gap_and_no_repeat(world) { has_no_gap(world, WRITES).await });

/// `cargo test --release -- --ignored the_feed_has_no_gap_and_no_repeat_long`
#[test]
#[ignore = "R7 in its long form: half an hour of writes"]
fn the_feed_has_no_gap_and_no_repeat_long() {
    let mut events = 0;
    let until = std::time::Instant::now() + std::time::Duration::from_mins(30);
    while std::time::Instant::now() < until {
        for (door, engine) in [(Door::Rest, Engine::Sqlite), (Door::Grpc, Engine::Postgres)] {
            run(door, engine, |world| has_no_gap(world, 50 * WRITES));
            events += WRITERS * (50 * WRITES - 5 * WRITES + 1);
        }
    }
    println!("{events} events, each read by four consumers: lost 0, repeated 0");
}

scenario!(
    /// R6: every instant, against a model that simply remembers.
    any_instant_reads_as_it_was(world) {
        let director = world.client(Who::Director);
        let mut draws = Draws(7);
        let mut ids: Vec<String> = Vec::new();
        for i in 0..60 {
            if ids.len() < 5 {
                ids.push(world.risk(&format!("risk {i}")).await);
                continue;
            }
            let id = &ids[draws.below(ids.len())];
            // A deleted one refuses; that is part of the model.
            let _ = match draws.below(6) {
                0 => director.delete("risk", id).await,
                1 => director.undelete("risk", id).await,
                _ => director.update("risk", id, json!({"title": format!("title {i}")})).await,
            };
        }
        let events = director.all_events(json!({"kinds": ["risk"]})).await;
        for _ in 0..50 {
            let instant = events[draws.below(events.len())]["at"].as_str().unwrap().to_owned();
            let known: Vec<Value> =
                events.iter().filter(|event| event["at"].as_str().unwrap() <= instant.as_str()).cloned().collect();
            let model = fold(&known);
            let listed = director.as_of(&instant).list_all("risk", json!({})).await.unwrap();
            let listed: BTreeMap<String, Value> =
                listed.into_iter().map(|risk| (risk["id"].as_str().unwrap().to_owned(), risk)).collect();
            assert_eq!(listed, model, "as of {instant}");
            let one = &ids[draws.below(ids.len())];
            if let Some(risk) = model.get(one) {
                assert_eq!(&director.as_of(&instant).get("risk", one).await.unwrap().json, risk);
            }
        }
    }
);
