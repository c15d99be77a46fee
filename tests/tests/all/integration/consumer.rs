//! Named readers of the feed: where each is, what it reads, and what it is told when its sight changes.

use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{Client, Door, Item, Setup, Who, World, scenario};

/// A reader of what happens from now on.
async fn reader(caller: &Client, body: Value) -> String {
    let mut body = body;
    body["name"] = json!("Warehouse");
    let id = caller.create("consumer", body).await.unwrap().id().to_owned();
    caller.act("consumer", &id, "acknowledge", json!({})).await.unwrap();
    id
}

fn operations(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["operation"].as_str().unwrap()).collect()
}

/// What waits, but for what is told of the reader's own grants.
async fn unread(caller: &Client, consumer: &str) -> Vec<Value> {
    let events = caller.all_events(json!({"consumer_id": consumer})).await;
    events.into_iter().filter(|event| event["kind"] != "access").collect()
}

scenario!(a_reader_goes_on_where_it_was(world) {
    let director = world.client(Who::Director);
    let body = json!({"name": "Warehouse", "kinds": ["risk"]});
    let consumer = director.create("consumer", body).await.unwrap().id().to_owned();
    let start = director.position(&consumer).await.unwrap();
    assert!(start.json.get("cursor").is_none() && start.json.get("acknowledged_at").is_none(), "{start:?}");
    director.act("consumer", &consumer, "acknowledge", json!({})).await.unwrap();
    let start = director.position(&consumer).await.unwrap();
    assert!(start["cursor"].is_string() && start["events_behind"] == 0, "{start:?}");
    let flood = world.risk("Flood").await;
    world.risk("Fire").await;
    world.project("gym").await;
    let events = unread(&director, &consumer).await;
    assert_eq!(operations(&events), ["risk.create", "risk.create"]);
    assert_eq!(director.position(&consumer).await.unwrap()["events_behind"], 2);

    let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
    let done = director.act("consumer", &consumer, "acknowledge", json!({"cursor": events[0]["cursor"]})).await.unwrap();
    assert_eq!((done.did(), &done["revision"]), ("unchanged", &json!(1)), "reading is no change");
    let quiet = director.all_events(json!({"after": head})).await;
    assert_eq!(quiet, Vec::<Value>::new(), "nor an event");
    let position = director.position(&consumer).await.unwrap();
    assert_eq!((&position["events_behind"], &position["more"]), (&json!(1), &json!(false)));
    assert_eq!(position["oldest_unread_at"], events[1]["at"]);
    assert!(position["acknowledged_at"].is_string());
    assert_eq!(operations(&unread(&director, &consumer).await), ["risk.create"]);

    // Only on, unless it is asked to go back.
    director.act("consumer", &consumer, "acknowledge", json!({})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 0);
    director.act("consumer", &consumer, "acknowledge", json!({"cursor": events[0]["cursor"]})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 0, "never back");
    director.act("consumer", &consumer, "replay", json!({"since": events[1]["at"]})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 1, "from an instant");
    director.act("consumer", &consumer, "replay", json!({"cursor": events[0]["cursor"]})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 1, "from a cursor");
    director.validate_only().act("consumer", &consumer, "replay", json!({})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 1, "a dry run moves nothing");
    director.act("consumer", &consumer, "replay", json!({})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 2, "from the beginning");
    director.act("consumer", &consumer, "replay", json!({"seq": events[1]["seq"]})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.first().map(|event| &event["id"]), Some(&events[1]["id"]), "from a number");
    director.act("consumer", &consumer, "replay", json!({"seq": "1"})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 2, "the first there is");
    director.act("consumer", &consumer, "replay", json!({"since": events[0]["at"]})).await.unwrap();

    let mut feed = director.watch(json!({"consumer_id": consumer})).await.unwrap();
    assert_eq!((feed.event().await["resource_id"].as_str(), feed.event().await["kind"].as_str()), (Some(&*flood), Some("risk")));
    director.delete("consumer", &consumer).await.unwrap();
    loop {
        match feed.next().await.unwrap() {
            Ok(Item::Bookmark(_)) => {}
            Ok(Item::Event(event)) => panic!("{event}"),
            Err(refused) => break assert_eq!(refused.code, "NOT_FOUND"),
        }
    }
});

scenario!(a_number_that_is_none_is_refused(world) {
    let director = world.client(Who::Director);
    let consumer = reader(&director, json!({})).await;
    let head: i64 = director.digest(json!({"kinds": ["risk"]})).await.unwrap().text("max_seq").parse().unwrap();
    let replay = async |body: Value| director.act("consumer", &consumer, "replay", body).await;
    replay(json!({"seq": (head + 1).to_string()})).await.unwrap();
    assert_eq!(unread(&director, &consumer).await.len(), 0, "the next one is still to come");
    world.risk("Flood").await;
    assert_eq!(operations(&unread(&director, &consumer).await), ["risk.create"]);
    for seq in ["0", "-1", "9223372036854775807"] {
        assert_eq!(replay(json!({"seq": seq})).await.unwrap_err().places(), [("/seq", "OUT_OF_RANGE")], "{seq}");
    }
    let all = json!({"cursor": world_cursor(&director).await, "since": "2026-01-01T00:00:00Z", "seq": "1"});
    let refused = replay(all).await.unwrap_err();
    assert_eq!(refused.places().last(), Some(&("/seq", "DOES_NOT_FIT")), "{refused}");
    // Who sees no numbers learns none by asking.
    let vendor = world.client(Who::Vendor);
    let own = reader(&vendor, json!({})).await;
    for seq in ["1", "9223372036854775807"] {
        let refused = vendor.act("consumer", &own, "replay", json!({"seq": seq})).await.unwrap_err();
        assert_eq!(refused.places(), [("/seq", "DOES_NOT_FIT")], "{seq}");
    }
});

scenario!(a_reader_is_moved_by_who_made_it(world) {
    let (finance, director) = (world.client(Who::Finance), world.client(Who::Director));
    let consumer = reader(&finance, json!({})).await;
    for caller in [&director, &world.client(Who::Vendor), &world.client(Who::Stranger)] {
        assert_eq!(caller.get("consumer", &consumer).await.unwrap_err().code, "NOT_FOUND");
        assert_eq!(caller.position(&consumer).await.unwrap_err().code, "NOT_FOUND");
        assert_eq!(caller.events(json!({"consumer_id": consumer})).await.unwrap_err().code, "NOT_FOUND");
        let moved = caller.act("consumer", &consumer, "acknowledge", json!({})).await;
        assert_eq!(moved.unwrap_err().code, "NOT_FOUND");
        assert!(caller.list_all("consumer", json!({})).await.unwrap().is_empty());
        let seen = caller.all_events(json!({"kinds": ["consumer"]})).await;
        assert!(seen.iter().all(|event| event["kind"] != "consumer"), "{seen:?}");
    }
    // Who administers sees it and may take it away, and no more.
    let admin = world.client(Who::Admin);
    admin.position(&consumer).await.unwrap();
    for refused in [
        admin.act("consumer", &consumer, "acknowledge", json!({})).await,
        admin.act("consumer", &consumer, "replay", json!({})).await,
        admin.update("consumer", &consumer, json!({"name": "Mine"})).await,
    ] {
        assert_eq!(refused.unwrap_err().code, "PERMISSION_DENIED");
    }
    world.client(Who::Auditor).get("consumer", &consumer).await.unwrap();
    admin.delete("consumer", &consumer).await.unwrap();
    assert_eq!(finance.events(json!({"consumer_id": consumer})).await.unwrap_err().code, "NOT_FOUND");
});

scenario!(a_filter_is_the_same_for_all_readers(world) {
    let director = world.client(Who::Director);
    let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
    let risk = async |program: &str, labels: Value| {
        let body = json!({"program_id": program, "title": "Flood", "kind": "threat", "labels": labels});
        director.create("risk", body).await.unwrap().id().to_owned()
    };
    let north = risk(&world.program, json!({"area": "north"})).await;
    let south = risk(&world.other_program, json!({"area": "south", "urgent": "yes"})).await;
    director.act("risk", &north, "assess", json!({"probability": 0.5})).await.unwrap();
    for (filter, expected) in [
        (json!({}), vec!["risk.create", "risk.create", "risk.assess"]),
        (json!({"kinds": ["project"]}), vec![]),
        (json!({"event_types": ["risk.assess", "risk.close"]}), vec!["risk.assess"]),
        (json!({"program_ids": [world.other_program]}), vec!["risk.create"]),
        (json!({"with_labels": ["area"]}), vec!["risk.create", "risk.create", "risk.assess"]),
        (json!({"with_labels": ["area=south", "urgent"]}), vec!["risk.create"]),
        (json!({"with_labels": ["area=west"]}), vec![]),
        (json!({"with_labels": ["area=north"], "event_types": ["risk.create"]}), vec!["risk.create"]),
    ] {
        let mut args = filter.clone();
        args["after"] = head.clone();
        assert_eq!(operations(&director.all_events(args).await), expected, "{filter}");
        let consumer = reader(&director, filter.clone()).await;
        let args = json!({"consumer_id": consumer, "after": head});
        let events = director.all_events(args).await;
        let events: Vec<Value> = events.into_iter().filter(|event| event["kind"] != "consumer").collect();
        assert_eq!(operations(&events), expected, "{filter}");
    }

    // What comes into a filter or leaves it says so; after that it is out of sight.
    let wanted = json!({"after": head, "with_labels": ["area=south"]});
    director.update("risk", &north, json!({"labels": {"area": "south"}})).await.unwrap();
    director.update("risk", &south, json!({"labels": {"area": null}})).await.unwrap();
    director.update("risk", &south, json!({"title": "Hidden"})).await.unwrap();
    let events = director.all_events(wanted).await;
    let told: Vec<_> = events.iter().map(|e| (e["resource_id"].as_str().unwrap(), e["visibility"].as_str())).collect();
    assert_eq!(told, [(&*south, None), (&*north, Some("gained")), (&*south, Some("lost"))]);
    assert_eq!((&events[1]["after"]["title"], events[2]["after"].is_null()), (&json!("Flood"), true));
});

scenario!(what_a_filter_cannot_mean_is_told(world) {
    let director = world.client(Who::Director);
    let body = json!({"name": "x", "kinds": ["rsk"], "event_types": ["risk.asess"], "with_labels": ["Area"]});
    let refused = director.create("consumer", body).await.unwrap_err();
    let told: Vec<_> = refused.faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
    let expected =
        [("/kinds/0", "UNKNOWN_KIND"), ("/event_types/0", "UNKNOWN_EVENT_TYPE"), ("/with_labels/0", "BAD_KEY")];
    assert_eq!(told, expected);
    let args = json!({"kinds": ["rsk"], "event_types": ["risk.asess"], "with_labels": ["Area"], "program_ids": ["x"]});
    let refused = director.events(args).await.unwrap_err();
    let told: Vec<_> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    // Over gRPC nothing tells this one from the field of the same name.
    let programs = if world.door == Door::Rest { "?program_ids" } else { "/program_ids" };
    assert_eq!(told, ["?kinds", "?event_types", "?with_labels", programs]);
    let consumer = reader(&director, json!({})).await;
    for (args, pointer) in [
        (json!({"consumer_id": consumer, "kinds": ["risk"]}), "?consumer_id"),
        (json!({"after": world_cursor(&director).await, "since": "2026-01-01T00:00:00Z"}), "?since"),
    ] {
        assert_eq!(director.events(args).await.unwrap_err().faults[0].pointer, pointer);
    }
    let both = json!({"cursor": world_cursor(&director).await, "since": "2026-01-01T00:00:00Z"});
    let refused = director.act("consumer", &consumer, "replay", both).await.unwrap_err();
    assert!(refused.faults[0].pointer.ends_with("since"), "{refused}");
    let foreign = world_cursor(&world.client(Who::Stranger)).await;
    let refused = director.act("consumer", &consumer, "acknowledge", json!({"cursor": foreign})).await.unwrap_err();
    assert_eq!(refused.code, "INVALID_PAGE_TOKEN");
});

async fn world_cursor(caller: &Client) -> Value {
    caller.list("source", json!({})).await.unwrap()["sync_token"].clone()
}

scenario!(a_vendor_reads_by_its_own(world) {
    let vendor = world.client(Who::Vendor);
    let consumer = reader(&vendor, json!({"kinds": ["milestone"]})).await;
    vendor.act("consumer", &consumer, "acknowledge", json!({})).await.unwrap();
    let director = world.client(Who::Director);
    let body = json!({"engagement_id": world.engagement, "title": "Roof", "labels": {"secret": "yes"}});
    let mine = director.create("milestone", body).await.unwrap().id().to_owned();
    let other = world.new_partner("Rival").await;
    let other = world.new_engagement(&other).await;
    director.create("milestone", json!({"engagement_id": other, "title": "Rival"})).await.unwrap();
    let events = unread(&vendor, &consumer).await;
    assert_eq!(events.iter().map(|event| event["resource_id"].as_str().unwrap()).collect::<Vec<_>>(), [mine]);
    let position = vendor.position(&consumer).await.unwrap();
    assert_eq!(position["events_behind"], 1, "it counts what it sees");
    // Labels are not in its sight, so it finds nothing by them.
    vendor.update("consumer", &consumer, json!({"with_labels": ["secret"]})).await.unwrap();
    assert!(unread(&vendor, &consumer).await.is_empty());
});

scenario!(a_changed_grant_is_told(world) {
    let admin = world.client(Who::Admin);
    let manager = world.client(Who::ProgramManager);
    let head = world_cursor(&manager).await;
    let grant = json!({"person_id": world.id(Who::ProgramManager), "role": "program_manager", "program_id": world.other_program});
    let grant = admin.create("grant", grant).await.unwrap().id().to_owned();
    admin.update("grant", &grant, json!({"reason": "covers an absence"})).await.unwrap();
    admin.act("grant", &grant, "revoke", json!({})).await.unwrap();
    let other = json!({"person_id": world.id(Who::Finance), "role": "auditor"});
    admin.create("grant", other).await.unwrap();
    let events = manager.all_events(json!({"after": head, "kinds": ["risk"]})).await;
    assert_eq!(operations(&events), ["access.changed", "access.changed"], "and neither reasons nor grants of others");
    for event in &events {
        assert_eq!((&event["kind"], &event["visibility"]), (&json!("access"), &json!("access_changed")));
        assert_eq!((&event["resource_id"], event["after"].is_null()), (&json!(world.id(Who::ProgramManager)), true));
        assert!(!event.to_string().contains(&grant), "{event}");
    }
    let seen = admin.all_events(json!({"after": head, "kinds": ["grant"]})).await;
    assert_eq!(operations(&seen), ["grant.create", "grant.update", "grant.revoke", "grant.create"]);
    assert!(seen.iter().all(|event| event["visibility"].is_null()), "they are those of others");
});

scenario!(a_place_expires_as_a_cursor_does(shared) {
    let clock = Clock::fixed(Instant::parse("2026-01-31T09:00:00Z").unwrap(), 7);
    let setup = Setup { clock, feed_days: 30, ..Setup::default() };
    let world = World::alone(shared.door, shared.server.engine, setup).await.unwrap();
    let director = world.client(Who::Director);
    let consumer = reader(&director, json!({})).await;
    director.act("consumer", &consumer, "acknowledge", json!({})).await.unwrap();
    world.risk("Flood").await;
    world.server.service.clock().advance(31 * 86_400_000_000);
    for refused in [
        director.events(json!({"consumer_id": consumer})).await,
        director.position(&consumer).await,
        director.act("consumer", &consumer, "replay", json!({"since": "2026-01-31T09:00:00Z"})).await,
        director.act("consumer", &consumer, "replay", json!({"seq": "1"})).await,
        director.events(json!({"since": "2026-01-31T09:00:00Z"})).await,
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("CURSOR_EXPIRED", 410), "{refused}");
        assert!(refused.detail.contains("read the lists again"), "{refused}");
    }
    // How to go on: the lists, and then from their token.
    let token = director.list("risk", json!({})).await.unwrap()["sync_token"].clone();
    director.act("consumer", &consumer, "acknowledge", json!({"cursor": token})).await.unwrap();
    world.risk("Fire").await;
    assert_eq!(operations(&unread(&director, &consumer).await), ["risk.create"]);
});
