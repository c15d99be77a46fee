//! Digests: a client proves that its copy is what the service has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use steerco_domain::hex::hex;
use steerco_tests::{Client, Door, Who, World, scenario};
use tokio::sync::Semaphore;

/// A whole number, though inside of events it may come as any number does.
fn revision(item: &Value) -> f64 {
    item["revision"].as_f64().unwrap()
}

/// What a client computes over its own copy: ids and revisions.
pub(crate) fn of_copy<'a>(items: impl IntoIterator<Item = &'a Value>) -> String {
    let lines: BTreeMap<&str, f64> =
        items.into_iter().map(|item| (item["id"].as_str().unwrap(), revision(item))).collect();
    let lines = lines.iter().fold(String::new(), |text, (id, revision)| text + &format!("{id} {revision}\n"));
    hex(&Sha256::digest(lines))
}

/// The digest of a collection whose last event has this number.
fn collection(kind: &str, items: &[Value], max_seq: &Value) -> Value {
    json!({"kind": kind, "count": items.len().to_string(), "max_seq": max_seq, "hash": of_copy(items)})
}

/// Number of the last event about a resource.
async fn last_of(caller: &Client, id: &str) -> Value {
    let events = caller.all_events(json!({})).await;
    events.iter().rev().find(|event| event["resource_id"] == id).unwrap()["seq"].clone()
}

async fn of(caller: &Client, args: Value) -> Value {
    caller.digest(args).await.unwrap().json
}

async fn list(caller: &Client, kind: &str, filter: &str) -> Vec<Value> {
    caller.list_all(kind, json!({"page_size": 1000, "filter": filter})).await.unwrap()
}

scenario!(a_copy_is_proven(world) {
    let director = world.client(Who::Director);
    for title in ["Flood", "Fire", "Frost"] {
        world.risk(title).await;
    }
    let all = list(&director, "risk", "").await;
    let digest = of(&director, json!({"kinds": ["risk"]})).await;
    let head = director.all_events(json!({})).await.last().unwrap()["seq"].clone();
    assert_eq!(digest["max_seq"], head);
    assert_eq!(digest["collections"], json!([collection("risk", &all, &head)]));

    // A change shows, also of one that stays as many; and what held before can still be proven.
    director.update("risk", all[0]["id"].as_str().unwrap(), json!({"title": "Storm"})).await.unwrap();
    director.delete("risk", all[1]["id"].as_str().unwrap()).await.unwrap();
    let later = of(&director, json!({"kinds": ["risk"]})).await;
    assert_ne!(later["collections"][0]["hash"], digest["collections"][0]["hash"]);
    let left = list(&director, "risk", "").await;
    let changed = last_of(&director, all[0]["id"].as_str().unwrap()).await;
    assert_eq!(later["collections"][0], collection("risk", &left, &changed), "what is gone has no last event here");
    world.project("gym").await;
    let same = of(&director, json!({"kinds": ["risk"]})).await;
    assert_eq!(same["collections"], later["collections"], "what else happens moves nothing");
    assert_ne!(same["max_seq"], later["max_seq"]);
    let then = of(&director, json!({"kinds": ["risk"], "at": digest["cursor"]})).await;
    assert_eq!((&then["collections"], &then["max_seq"]), (&digest["collections"], &digest["max_seq"]));
    let with_deleted = director.list_all("risk", json!({"show_deleted": true})).await.unwrap();
    let deleted = of(&director, json!({"kinds": ["risk"], "show_deleted": true})).await;
    let gone = last_of(&director, all[1]["id"].as_str().unwrap()).await;
    assert_eq!(deleted["collections"][0], collection("risk", &with_deleted, &gone));
    let some = list(&director, "risk", "title = \"Storm\"").await;
    let filtered = of(&director, json!({"kinds": ["risk"], "filter": "title = \"Storm\""})).await;
    assert_eq!(filtered["collections"][0], collection("risk", &some, &changed));
    let none = of(&director, json!({"kinds": ["risk"], "filter": "title = \"Hail\""})).await;
    assert!(none["collections"][0].get("max_seq").is_none(), "{none}");
});

scenario!(a_version_for_the_past_is_an_event_and_no_revision(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let before = of(&director, json!({"kinds": ["project"]})).await;
    let dated = director.effective_at("2020-01-01T00:00:00Z");
    let done = dated.update("project", &project, json!({"phase": "Idea"})).await.unwrap();
    assert_eq!(done.did(), "backfilled");
    let after = of(&director, json!({"kinds": ["project"]})).await;
    assert_eq!(after["collections"][0]["hash"], before["collections"][0]["hash"], "what holds now is as it was");
    assert_eq!(after["collections"][0]["max_seq"], last_of(&director, &project).await);
    let then = of(&director, json!({"kinds": ["project"], "at": before["cursor"]})).await;
    assert_eq!(then["collections"], before["collections"]);
});

scenario!(a_digest_is_of_what_the_caller_sees(world) {
    let director = world.client(Who::Director);
    world.risk("Near").await;
    let body = json!({"program_id": world.other_program, "title": "Far", "kind": "threat"});
    director.create("risk", body).await.unwrap();
    let manager = world.client(Who::ProgramManager);
    let seen = list(&manager, "risk", "").await;
    let digest = of(&manager, json!({"kinds": ["risk"]})).await;
    let last = last_of(&manager, seen[0]["id"].as_str().unwrap()).await;
    assert_eq!(digest["collections"][0], collection("risk", &seen, &last), "of others it is told no number");
    let all = of(&director, json!({})).await;
    let kinds: Vec<&str> = all["collections"].as_array().unwrap().iter().map(|c| c["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"program") && !kinds.contains(&"service_account"), "what it may read: {kinds:?}");
    for kind in ["risk", "program", "person", "engagement"] {
        let collection = all["collections"].as_array().unwrap().iter().find(|c| c["kind"] == kind).unwrap();
        assert_eq!(collection["hash"], of_copy(&list(&director, kind, "").await), "{kind}");
    }
    let refused = director.digest(json!({"kinds": ["service_account"]})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let refused = director.digest(json!({"kinds": ["rsk"], "filter": "title = \"x\""})).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "?kinds");
    let refused = director.digest(json!({"kinds": ["risk", "program"], "filter": "id = \"x\""})).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "?filter");
});

scenario!(a_partner_proves_what_it_sees(world) {
    let (vendor, director) = (world.client(Who::Vendor), world.client(Who::Director));
    let body = json!({"engagement_id": world.engagement, "title": "Roof \"é\"", "payment_share": 0.25});
    let milestone = director.create("milestone", body).await.unwrap().id().to_owned();
    let digest = of(&vendor, json!({"kinds": ["milestone"]})).await;
    assert!(digest.get("max_seq").is_none(), "{digest}");
    let lines = async || {
        let mut items = list(&vendor.through(Door::Rest), "milestone", "").await;
        items.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
        // serde_json writes these values as RFC 8785 has it: names sorted, no spaces.
        let line = |item: &Value| format!("{} {}\n", item["id"].as_str().unwrap(), hex(&Sha256::digest(item.to_string())));
        items.iter().map(line).collect::<String>()
    };
    let expected = hex(&Sha256::digest(lines().await));
    assert_eq!(digest["collections"][0], json!({"kind": "milestone", "count": "1", "hash": expected}));
    director.update("milestone", &milestone, json!({"labels": {"private": "yes"}})).await.unwrap();
    let same = of(&vendor, json!({"kinds": ["milestone"]})).await;
    assert_eq!(same["collections"], digest["collections"], "what it does not see changes nothing");
    director.update("milestone", &milestone, json!({"title": "Walls"})).await.unwrap();
    let changed = of(&vendor, json!({"kinds": ["milestone"]})).await;
    assert_eq!(changed["collections"][0]["hash"], hex(&Sha256::digest(lines().await)));
    assert_ne!(changed["collections"], digest["collections"]);
});

/// A copy that is kept by the feed alone.
struct Copy {
    cursor: String,
    items: BTreeMap<String, Value>,
}

impl Copy {
    /// From a list that others write into while it is read.
    async fn read(caller: &Client) -> Self {
        let (mut items, mut args, mut cursor) = (BTreeMap::new(), json!({"page_size": 7}), String::new());
        loop {
            let page = caller.list("risk", args.clone()).await.unwrap();
            items.extend(page.items().iter().map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone())));
            if cursor.is_empty() {
                page.text("sync_token").clone_into(&mut cursor);
            }
            match page.json.get("next_page_token") {
                Some(token) => args["page_token"] = token.clone(),
                None => return Self { cursor, items },
            }
        }
    }

    /// Takes over one page. A revision that is older than the one held is no news: the list was read after it.
    async fn follow(&mut self, caller: &Client) -> bool {
        let page = caller.events(json!({"after": self.cursor, "kinds": ["risk"], "page_size": 5})).await.unwrap();
        for event in page.items() {
            let id = event["resource_id"].as_str().unwrap();
            if event["kind"] != "risk" || self.items.get(id).is_some_and(|item| revision(event) < revision(item)) {
                continue;
            }
            match event.get("after") {
                Some(after) => self.items.insert(id.to_owned(), after.clone()),
                None => self.items.remove(id),
            };
        }
        page.text("next_cursor").clone_into(&mut self.cursor);
        page["more"] == true
    }
}

/// Writes half, and the other half once it may.
async fn write(director: Client, program: String, writer: usize, rest: Arc<Semaphore>) {
    for i in 0..15 {
        if i == 7 {
            rest.acquire().await.unwrap().forget();
        }
        let body = json!({"program_id": program, "title": format!("{writer} {i}"), "kind": "threat"});
        let id = director.create("risk", body).await.unwrap().id().to_owned();
        match i % 3 {
            0 => director.update("risk", &id, json!({"title": "changed"})).await.unwrap(),
            1 => director.delete("risk", &id).await.unwrap(),
            _ => continue,
        };
    }
}

/// Snapshot and tail, while others write: at every moment the copy is what the service had at that cursor.
async fn stays_equal(world: World) {
    let director = world.client(Who::Director);
    for i in 0..20 {
        world.risk(&format!("before {i}")).await;
    }
    let rest = Arc::new(Semaphore::new(0));
    let writers: Vec<_> =
        (0..4).map(|n| tokio::spawn(write(director.clone(), world.program.clone(), n, Arc::clone(&rest)))).collect();
    let mut copy = Copy::read(&director).await;
    let mut compared = 0;
    loop {
        let busy = writers.iter().any(|writer| !writer.is_finished());
        let more = copy.follow(&director).await;
        // What the list saw too early is behind it once the feed has come as far as the list.
        if !more {
            let digest = of(&director, json!({"kinds": ["risk"], "at": copy.cursor})).await;
            assert_eq!(digest["collections"][0]["hash"], of_copy(copy.items.values()), "after {compared}");
            compared += 1;
            // The writers have half of their work before them when the copy is compared first, and write on meanwhile.
            if compared == 1 {
                assert!(busy, "nobody may have ended yet");
                rest.add_permits(writers.len());
            } else if !busy {
                break;
            }
        }
    }
    assert!(compared > 1 && copy.items.len() == 20 + 4 * 10, "{compared} {}", copy.items.len());
    world.verify().await;
}

scenario!(a_snapshot_and_its_tail_are_one_cut(world) { stays_equal(world).await });

/// A reader whose memory is lost now and then: what it stored, and the place that the service keeps for it, are left.
async fn killed_now_and_then(director: Client, consumer: String, seed: u64, done: Arc<AtomicBool>) -> usize {
    let mut draws = seed;
    let mut below = |end: u64| {
        draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draws >> 33) % end
    };
    let (mut stored, mut kills) = (BTreeMap::<String, Value>::new(), 0);
    loop {
        let last = done.load(Ordering::Acquire);
        let args = json!({"consumer_id": consumer, "page_size": 1 + below(12)});
        let page = director.events(args).await.unwrap();
        let mut memory = stored.clone();
        for event in page.items() {
            let id = event["resource_id"].as_str().unwrap().to_owned();
            match event.get("after") {
                Some(after) => memory.insert(id, after.clone()),
                None => memory.remove(&id),
            };
        }
        match below(4) {
            // Before it stored: it reads the same again.
            0 => kills += 1,
            // After that, before it said so: it reads again what it has.
            1 => {
                stored = memory;
                kills += 1;
            }
            _ => {
                stored = memory;
                let cursor = json!({"cursor": page["next_cursor"]});
                director.act("consumer", &consumer, "acknowledge", cursor).await.unwrap();
                if last && page["more"] == false {
                    break;
                }
            }
        }
    }
    let place = director.position(&consumer).await.unwrap();
    assert_eq!(place["events_behind"], 0);
    let digest = of(&director, json!({"kinds": ["risk"], "at": place["cursor"]})).await;
    assert_eq!(digest["collections"][0]["hash"], of_copy(stored.values()));
    kills
}

scenario!(
    /// R7: eight writers, refusals among them, four consumers killed at random: each ends with what the service has.
    a_consumer_that_is_killed_ends_equal(world) {
        let director = world.client(Who::Director);
        let done = Arc::new(AtomicBool::new(false));
        let mut readers = Vec::new();
        for seed in 0..4 {
            let body = json!({"name": format!("Reader {seed}"), "kinds": ["risk"]});
            let consumer = director.create("consumer", body).await.unwrap().id().to_owned();
            readers.push(tokio::spawn(killed_now_and_then(director.clone(), consumer, seed, Arc::clone(&done))));
        }
        let writers = (0..8).map(|writer| {
            let (director, program) = (director.clone(), world.program.clone());
            tokio::spawn(async move {
                write(director.clone(), program.clone(), writer, Arc::new(Semaphore::new(1))).await;
                let refused = json!({"program_id": program, "title": "", "kind": "threat"});
                director.create("risk", refused).await.unwrap_err();
            })
        });
        futures::future::try_join_all(writers).await.unwrap();
        done.store(true, Ordering::Release);
        let mut kills = 0;
        for reader in readers {
            kills += reader.await.unwrap();
        }
        assert!(kills > 20, "{kills} kills");
        world.verify().await;
    }
);
