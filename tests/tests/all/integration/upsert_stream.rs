//! Streams of upserts: any number of records, compared by content, all of them or each by itself, and nothing without the
//! end.

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Who, World, scenario};

fn deliverable(world: &World, number: usize, title: &str) -> Value {
    json!({"external_id": format!("D-{number}"), "body": {"program_id": world.program, "title": title}})
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|result| result["outcome"].as_str().filter(|word| !word.is_empty()).unwrap_or("refused")).collect()
}

async fn count(caller: &Client, kind: &str) -> Value {
    caller.list(kind, json!({"include_total": true, "page_size": 1})).await.unwrap()["total"].clone()
}

/// Where a door counts a record: the first line of REST is the header.
fn line(world: &World, record: usize) -> usize {
    if world.door == Door::Rest { record + 1 } else { record }
}

scenario!(only_what_changed_makes_an_event(world) {
    let sync = world.client(Who::Integration);
    let records = |changed: usize| -> Vec<Value> {
        let title = |n: usize| if n < changed { format!("Changed {n}") } else { format!("Part {n}") };
        (0..2_300).map(|n| deliverable(&world, n, &title(n))).collect()
    };
    let first = sync.upsert_many("deliverable", false, records(0)).await.unwrap();
    assert_eq!((&first["records"], &first["created"], &first["refused"]), (&json!(2_300), &json!(2_300), &json!(0)));
    let results = first["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[17]["line"]), (2_300, &json!(line(&world, 18))));
    let found = sync.get_by_ref("deliverable", World::SOURCE, "D-17").await.unwrap();
    assert_eq!((found.id(), &found["title"]), (results[17]["id"].as_str().unwrap(), &json!("Part 17")));
    let head = sync.list("deliverable", json!({"page_size": 1})).await.unwrap()["sync_token"].clone();
    let again = sync.upsert_many("deliverable", false, records(0)).await.unwrap();
    assert_eq!(again["unchanged"], 2_300);
    assert_eq!(sync.all_events(json!({"after": head})).await, Vec::<Value>::new());
    let third = sync.upsert_many("deliverable", true, records(3)).await.unwrap();
    assert_eq!((&third["updated"], &third["unchanged"]), (&json!(3), &json!(2_297)));
    assert_eq!(outcomes(&third.json)[..4], ["updated", "updated", "updated", "unchanged"]);
    assert_eq!(sync.all_events(json!({"after": head})).await.len(), 3);
    assert_eq!(count(&sync, "deliverable").await, "2300");
    // More than a digest reads at a time.
    let digest = sync.digest(json!({"kinds": ["deliverable"]})).await.unwrap()["collections"][0].clone();
    let all = sync.list_all("deliverable", json!({"page_size": 1000})).await.unwrap();
    assert_eq!((&digest["count"], &digest["hash"]), (&json!("2300"), &json!(crate::all::integration::digest::of_copy(&all))));
    world.verify().await;
});

scenario!(records_are_applied_in_their_order(world) {
    let sync = world.client(Who::Integration);
    let area = |id: &str, parent: Option<&str>| {
        let mut body = json!({"code": id, "name": id});
        body.as_object_mut().unwrap().extend(parent.map(|parent| ("parent_id".to_owned(), json!(format!("jira/{parent}")))));
        json!({"external_id": id, "body": body})
    };
    let director = world.client(Who::Director);
    let records = vec![area("works", None), area("civil", Some("works")), area("roads", Some("civil"))];
    let stream = director.upsert_many("functional_area", false, records).await.unwrap();
    assert_eq!(outcomes(&stream.json), ["created", "created", "created"]);
    let roads = director.get_by_ref("functional_area", World::SOURCE, "roads").await.unwrap();
    assert_eq!(roads["parent_id"], stream["results"][1]["id"]);
    let twice = vec![deliverable(&world, 1, "One"), deliverable(&world, 1, "Two"), deliverable(&world, 1, "Two")];
    let stream = sync.upsert_many("deliverable", false, twice).await.unwrap();
    assert_eq!(outcomes(&stream.json), ["created", "updated", "unchanged"]);
    world.verify().await;
});

scenario!(nothing_without_its_end(world) {
    let sync = world.client(Who::Integration);
    let header = json!({"source": World::SOURCE, "partial": true});
    let records: Vec<Value> = (0..1_500).map(|n| deliverable(&world, n, "Part")).collect();
    let cut = sync.upsert_stream("deliverable", header.clone(), records.clone(), None).await.unwrap_err();
    assert_eq!(cut.code, "MALFORMED_BODY", "{cut}");
    let short = sync.upsert_stream("deliverable", header.clone(), records, Some(1_501)).await.unwrap_err();
    assert_eq!(short.places(), [("/end/count", "DOES_NOT_FIT")]);
    assert_eq!(count(&sync, "deliverable").await, "0");
    let empty = sync.upsert_stream("deliverable", header, vec![], Some(0)).await.unwrap();
    assert_eq!(empty["records"], 0);
    world.verify().await;
});

scenario!(all_or_nothing_or_each_by_itself(world) {
    let sync = world.client(Who::Integration);
    let mut records: Vec<Value> = (0..1_100).map(|n| deliverable(&world, n, "Part")).collect();
    records[1_050]["body"] = json!({"program_id": "jira/none", "title": "x".repeat(201)});
    let refused = sync.upsert_many("deliverable", false, records.clone()).await.unwrap_err();
    let at = format!("/lines/{}", line(&world, 1_051));
    assert_eq!(refused.places(), [(format!("{at}/title").as_str(), "TOO_LONG")]);
    assert_eq!(count(&sync, "deliverable").await, "0", "the thousand before it is taken back");
    let dry = sync.validate_only().upsert_many("deliverable", true, records.clone()).await.unwrap();
    assert_eq!((&dry["created"], &dry["refused"]), (&json!(1_099), &json!(1)));
    assert_eq!(count(&sync, "deliverable").await, "0");
    let partial = sync.upsert_many("deliverable", true, records).await.unwrap();
    assert_eq!((&partial["created"], &partial["refused"]), (&json!(1_099), &json!(1)));
    assert_eq!(partial["results"][1_050]["error"]["code"], "INVALID_ARGUMENT", "{}", partial["results"][1_050]);
    assert_eq!(count(&sync, "deliverable").await, "1099");
    world.verify().await;
});

scenario!(one_key_has_one_effect(world) {
    let sync = world.client(Who::Integration);
    for (partial, from) in [(false, 0), (true, 1_000)] {
        let records: Vec<Value> = (from..from + 1_200).map(|n| deliverable(&world, n, "Part")).collect();
        let keyed = sync.key(&format!("nightly {partial}"));
        let first = keyed.upsert_many("deliverable", partial, records.clone()).await.unwrap();
        let again = keyed.upsert_many("deliverable", partial, records.clone()).await.unwrap();
        assert!(again.replayed && !first.replayed);
        assert_eq!((&again["created"], &again["unchanged"]), (&first["created"], &first["unchanged"]));
        let other = keyed.upsert_many("deliverable", partial, records[1..].to_vec()).await.unwrap_err();
        assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED", "{other}");
    }
    assert_eq!(count(&sync, "deliverable").await, "2200");
    world.verify().await;
});

scenario!(versions_rights_and_sources(world) {
    let (sync, admin) = (world.client(Who::Integration), world.client(Who::Admin));
    let at = |version: i64, title: &str| {
        let mut record = deliverable(&world, 1, title);
        record["source_version"] = json!(version.to_string());
        vec![record, deliverable(&world, 2, "Same")]
    };
    for (version, title, did) in [(7, "seven", "created"), (6, "six", "stale"), (8, "seven", "unchanged"), (7, "x", "stale")] {
        let stream = sync.upsert_many("deliverable", false, at(version, title)).await.unwrap();
        assert_eq!(outcomes(&stream.json)[0], did, "{version}");
    }
    let all = |source: &str| (json!({"source": source}), at(9, "nine"), Some(2));
    let send = async |caller: &Client, source: &str| {
        let (header, records, end) = all(source);
        caller.upsert_stream("deliverable", header, records, end).await.unwrap_err()
    };
    assert_eq!(send(&sync, "nowhere").await.places(), [("/source", "UNKNOWN_SOURCE")]);
    admin.create("source", json!({"code": "sap", "name": "Ledger"})).await.unwrap();
    assert_eq!(send(&sync, "sap").await.code, "PERMISSION_DENIED");
    for who in [Who::Vendor, Who::Executive, Who::Auditor] {
        assert_eq!(send(&world.client(who), World::SOURCE).await.code, "PERMISSION_DENIED", "{who:?}");
    }
    let nobody = world.nobody().upsert_many("deliverable", false, at(9, "nine")).await.unwrap_err();
    assert_eq!(nobody.code, "UNAUTHENTICATED");
    let manager = world.client(Who::ProgramManager);
    let records = vec![json!({"external_id": "R-1", "body": {"program_id": world.other_program, "title": "x"}})];
    let beyond = manager.upsert_many("deliverable", false, records).await.unwrap_err();
    assert_eq!(beyond.places(), [(format!("/lines/{}/program_id", line(&world, 1)).as_str(), "NOT_FOUND")]);
});
