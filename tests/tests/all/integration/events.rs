//! The feed: gapless, the same over every channel, and nothing in it for those who may not see.

use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{Client, Door, Item, Setup, Who, World, scenario};

async fn head(caller: &Client) -> Value {
    caller.list("source", json!({})).await.unwrap()["sync_token"].clone()
}

/// Events without their cursors, which are sealed anew each time.
fn plain(events: &[Value]) -> Vec<Value> {
    let without = |event: &Value| {
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("cursor");
        event
    };
    events.iter().map(without).collect()
}

fn other(door: Door) -> Door {
    if door == Door::Rest { Door::Grpc } else { Door::Rest }
}

/// A risk that is made, changed and deleted: three events.
async fn three(world: &World) -> String {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    director.act("risk", &risk, "assess", json!({"probability": 0.5})).await.unwrap();
    director.delete("risk", &risk).await.unwrap();
    risk
}

scenario!(pages_are_gapless_and_in_order(world) {
    let director = world.client(Who::Auditor);
    let risk = three(&world).await;
    let all = director.all_events(json!({"page_size": 1000})).await;
    let one_by_one = director.all_events(json!({"page_size": 1})).await;
    assert_eq!(plain(&all), plain(&one_by_one));
    let numbers: Vec<u64> = all.iter().map(|event| event["seq"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    let last: Vec<&Value> = all.iter().rev().take(3).rev().collect();
    let operations: Vec<&str> = last.iter().map(|event| event["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["risk.create", "risk.assess", "risk.delete"]);
    assert!(last.iter().all(|event| event["resource_id"] == risk && event["actor"] == world.id(Who::Director)));
    assert_eq!((&last[0]["after"]["title"], &last[0]["revision"]), (&json!("Flood"), &json!(1)));
    assert!(last[1]["changed"].as_array().unwrap().contains(&json!("probability")));
    assert_eq!((&last[2]["deleted"], last[2]["after"].is_null()), (&json!(true), true), "a tombstone");
    let through = director.through(other(world.door));
    assert_eq!(plain(&through.all_events(json!({}))  .await), plain(&all), "the other door says the same");
    let resumed = through.all_events(json!({"after": all[3]["cursor"]})).await;
    assert_eq!(plain(&resumed), plain(&all[4..]), "and takes the same cursors");
});

scenario!(a_list_says_where_to_go_on(world) {
    let director = world.client(Who::Director);
    world.risk("before").await;
    let page = director.list("risk", json!({"page_size": 1})).await.unwrap();
    let risk = world.risk("after").await;
    let events = director.all_events(json!({"after": page["sync_token"]})).await;
    assert_eq!(events.iter().map(|event| event["resource_id"].as_str().unwrap()).collect::<Vec<_>>(), [risk]);
    let refused = director.events(json!({"after": "nonsense"})).await.unwrap_err();
    assert_eq!(refused.code, "INVALID_PAGE_TOKEN");
    let foreign = world.client(Who::Stranger).events(json!({"after": page["sync_token"]})).await.unwrap_err();
    assert_eq!(foreign.code, "INVALID_PAGE_TOKEN");
});

scenario!(a_stream_says_what_pages_say(world) {
    let director = world.client(Who::Director);
    let after = head(&director).await;
    let mut feed = director.watch(json!({"after": after})).await.unwrap();
    let Some(Ok(Item::Bookmark(bookmark))) = feed.next().await else { panic!("a stream begins with where it is") };
    three(&world).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(feed.event().await);
    }
    let paged = director.all_events(json!({"after": after})).await;
    assert_eq!(plain(&seen), plain(&paged));
    let there = director.through(other(world.door));
    let mut resumed = there.watch(json!({"after": seen[0]["cursor"]})).await.unwrap();
    assert_eq!(plain(&[resumed.event().await, resumed.event().await]), plain(&seen[1..]));
    assert_eq!(there.all_events(json!({"after": bookmark})).await.len(), 3);
});

scenario!(kinds_and_sources_can_be_left_out(world) {
    let (director, sync) = (world.client(Who::Director), world.client(Who::Integration));
    let after = head(&director).await;
    let body = json!({"program_id": world.program, "title": "Synced", "kind": "threat"});
    let made = sync.upsert("risk", World::SOURCE, "R-1", body).await.unwrap();
    world.project("gym").await;
    director.update("risk", made.id(), json!({"title": "By hand"})).await.unwrap();
    sync.upsert("risk", World::SOURCE, "R-1", json!({"title": "Synced"})).await.unwrap();
    let operations = async |args: Value| {
        let events = sync.all_events(args).await;
        events.iter().map(|event| event["operation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = ["risk.upsert", "project.create", "risk.update", "risk.upsert"];
    assert_eq!(operations(json!({"after": after})).await, all);
    let without = operations(json!({"after": after, "exclude_source": World::SOURCE})).await;
    assert_eq!(without, ["project.create", "risk.update"], "no echo of its own");
    assert_eq!(operations(json!({"after": after, "kinds": ["project"]})).await, ["project.create"]);
    assert_eq!(operations(json!({"after": after, "kinds": ["project", "risk"]})).await, all);
    let refused = sync.events(json!({"kinds": ["rsk"]})).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "?kinds", "{refused}");
});

scenario!(an_old_cursor_expires(shared) {
    let clock = Clock::fixed(Instant::parse("2026-01-31T09:00:00Z").unwrap(), 7);
    let setup = Setup { clock, feed_days: 30, ..Setup::default() };
    let world = World::alone(shared.door, shared.server.engine, setup).await.unwrap();
    let director = world.client(Who::Director);
    let after = head(&director).await;
    world.risk("Flood").await;
    let day = 86_400_000_000;
    world.server.service.clock().advance(29 * day);
    assert_eq!(director.all_events(json!({"after": after})).await.len(), 1);
    world.server.service.clock().advance(2 * day);
    let expired = director.events(json!({"after": after})).await.unwrap_err();
    assert_eq!((expired.code.as_str(), expired.status), ("CURSOR_EXPIRED", 410));
    let followed = match director.watch(json!({"after": after})).await {
        Err(refused) => refused,
        Ok(mut feed) => feed.next().await.unwrap().unwrap_err(),
    };
    assert_eq!(followed.code, "CURSOR_EXPIRED");
    let fresh = head(&director).await;
    let risk = world.risk("Fire").await;
    assert_eq!(director.all_events(json!({"after": fresh})).await[0]["resource_id"], risk);
});

scenario!(a_program_that_moves_out_of_sight(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let person = admin.create("person", json!({"name": "Head of portfolio"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": person, "role": "executive", "portfolio_id": world.portfolio});
    admin.create("grant", grant).await.unwrap();
    let body = json!({"code": "secret", "name": "Elsewhere", "base_currency": "EUR"});
    let elsewhere = director.create("portfolio", body).await.unwrap().id().to_owned();
    let caller = world.client_of(&person);
    let after = head(&director).await;
    let touch = async |patch: Value| director.update("program", &world.program, patch).await.unwrap();
    touch(json!({"phase": "Seen"})).await;
    touch(json!({"portfolio_id": elsewhere, "phase": "Hidden one"})).await;
    touch(json!({"phase": "Hidden two"})).await;
    let risk = world.risk("Hidden risk").await;
    assert_eq!(caller.get("program", &world.program).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(caller.get("risk", &risk).await.unwrap_err().code, "NOT_FOUND");
    touch(json!({"portfolio_id": world.portfolio, "phase": "Back"})).await;
    let events = caller.all_events(json!({"after": after, "kinds": ["program"]})).await;
    let sights: Vec<&str> = events.iter().map(|event| event["visibility"].as_str().unwrap_or("same")).collect();
    assert_eq!(sights, ["same", "lost", "gained"]);
    assert!(events[1]["after"].is_null(), "what it became out of sight is not said");
    assert_eq!(events[2]["after"]["phase"], "Back");
    let text = json!(events).to_string();
    assert!(!text.contains("Hidden") && !text.contains(&elsewhere), "{text}");
});

scenario!(the_catalogue_has_what_the_feed_tells(world) {
    let director = world.client(Who::Director);
    three(&world).await;
    let catalogue = director.event_types().await.unwrap();
    let types = catalogue["event_types"].as_array().unwrap();
    let named = |name: &str| types.iter().find(|ty| ty["name"] == name);
    let assess = named("risk.assess").unwrap();
    assert_eq!((&assess["kind"], assess.get("schema").is_none()), (&json!("risk"), true));
    let auditor = world.client(Who::Auditor);
    for event in auditor.all_events(json!({"page_size": 1000})).await {
        let operation = event["operation"].as_str().unwrap();
        assert!(operation == "access.changed" || named(operation).is_some(), "{operation}");
        // Whole numbers inside of a message are any numbers over gRPC.
        if world.door == Door::Rest && operation.starts_with("risk.") {
            let schema = director.event_type(operation).await.unwrap()["schema"].clone();
            let faults: Vec<String> =
                jsonschema::validator_for(&schema).unwrap().iter_errors(&event).map(|fault| fault.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{operation}");
        }
    }
    assert_eq!(director.event_type("risk.read").await.unwrap_err().code, "NOT_FOUND");
});

scenario!(a_vendor_sees_no_numbers(world) {
    let vendor = world.client(Who::Vendor);
    world.client(Who::Admin).update("organisation", &world.org, json!({"name": "Renamed"})).await.unwrap();
    three(&world).await;
    for event in vendor.all_events(json!({})).await {
        assert!(["organisation", "partner", "engagement", "access"].contains(&event["kind"].as_str().unwrap()), "{event}");
        assert!(event["seq"].is_null() && event["revision"].is_null() && event["actor"] == "", "{event}");
    }
    let seen = vendor.get("organisation", &world.org).await.unwrap();
    let etag = seen.etag.as_deref().unwrap();
    assert!(seen["revision"].is_null() && seen["updated_at"].is_null() && etag.parse::<u64>().is_err(), "{seen:?}");
});
