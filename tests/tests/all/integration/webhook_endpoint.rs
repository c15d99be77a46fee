//! Webhooks: what is sent to whom, how often, and where never (R8, S4, S5).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use steerco_service::clock::Clock;
use steerco_service::{Service, Settings, WebhookSettings};
use steerco_tests::{Client, Door, Engine, Setup, Who, World, scenario};

use crate::all::integration::receiver::{Act, Receiver};
use crate::all::kernel::wire::sql;

/// An endpoint that is sent to from now on, and its secret.
async fn endpoint(caller: &Client, url: &str, body: Value) -> (String, String) {
    let mut body = body;
    body["name"] = json!("Warehouse");
    body["url"] = json!(url);
    let id = caller.create("webhook_endpoint", body).await.unwrap().id().to_owned();
    let secret = rotate(caller, &id, json!({})).await;
    (id, secret)
}

async fn rotate(caller: &Client, id: &str, body: Value) -> String {
    let answer = caller.act("webhook_endpoint", id, "rotate_secret", body).await.unwrap();
    answer.text("secret").to_owned()
}

/// A server of one's own that sends again at once.
async fn quick(shared: &World, retries: usize) -> World {
    let webhooks = WebhookSettings {
        allow: vec!["127.0.0.0/8".to_owned()],
        retry_seconds: vec![0; retries],
        ..WebhookSettings::default()
    };
    let setup = Setup { webhooks, ..Setup::default() };
    World::alone(shared.door, shared.server.engine, setup).await.unwrap()
}

/// Messages once there are so many and none waits.
async fn settled(caller: &Client, id: &str, count: usize) -> Vec<Value> {
    for _ in 0..600 {
        let all = caller.deliveries(id, json!({"page_size": 1000})).await.unwrap().items().to_vec();
        if all.len() >= count && all.iter().all(|delivery| delivery["state"] != "pending") {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("messages still wait");
}

scenario!(an_event_arrives_signed(world) {
    let director = world.client(Who::Director);
    let receiver = Receiver::willing().await;
    world.risk("Before").await;
    let (id, secret) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
    let (thin, _) = endpoint(&director, &format!("{}?thin=1", receiver.url), json!({"kinds": ["risk"], "content": "thin"})).await;
    let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
    let risk = world.risk("Flood \"é\"").await;
    director.act("risk", &risk, "assess", json!({"probability": 0.5})).await.unwrap();
    world.project("gym").await;
    let events = director.all_events(json!({"after": head, "kinds": ["risk"]})).await;
    let heard = receiver.wait(4).await;
    let full: Vec<_> = heard.iter().filter(|heard| !heard.path.ends_with("?thin=1")).collect();
    assert_eq!(full.len(), 2);
    for (heard, event) in full.iter().zip(&events) {
        assert_eq!(heard.signed_by(&secret), 1);
        assert_eq!(heard.headers["content-type"], "application/cloudevents+json; charset=utf-8");
        let json = heard.json();
        assert_eq!((heard.id(), json["id"].as_str()), (event["id"].as_str().unwrap(), event["id"].as_str()));
        assert_eq!((&json["specversion"], &json["subject"]), (&json!("1.0"), &event["resource_id"]));
        assert_eq!(json["type"], format!("steerco.{}", event["operation"].as_str().unwrap()));
        assert_eq!((&json["time"], &json["data"]["after"]["title"]), (&event["at"], &json!("Flood \"é\"")));
        assert_eq!(json["source"], format!("{}/v1/organisations/{}", world.server.url, world.org));
        let rest = director.all_events(json!({"after": json["data"]["cursor"], "kinds": ["risk"]})).await;
        assert_eq!(rest.len(), events.len() - 1 - events.iter().position(|e| e["id"] == json["id"]).unwrap());
        assert!(heard.headers["webhook-timestamp"].parse::<i64>().unwrap() > 1_700_000_000);
    }
    let slim = heard.iter().find(|heard| heard.path.ends_with("?thin=1")).unwrap().json();
    assert!(slim["data"]["after"].is_null() && slim["data"]["resource_id"] == risk.as_str(), "{slim}");
    let done = settled(&director, &id, 2).await;
    assert_eq!(done.len(), 2);
    assert_eq!((&done[0]["event_type"], &done[0]["state"]), (&json!("risk.assess"), &json!("delivered")));
    assert_eq!(done[0]["attempts"][0]["status"], 204);
    let page = director.deliveries(&id, json!({"page_size": 1})).await.unwrap();
    let next = director.deliveries(&id, json!({"page_size": 1, "page_token": page["next_page_token"]})).await.unwrap();
    let other = json!({"page_size": 1, "page_token": page["next_page_token"], "state": "failed"});
    assert!(director.deliveries(&id, other).await.is_err(), "a token is of the same question");
    let unknown = director.deliveries(&id, json!({"state": 99})).await.unwrap_err();
    assert!(matches!(unknown.places()[..], [("?state" | "/state", "UNKNOWN_WORD")]), "{unknown}");
    assert_eq!([&page.items()[0], &next.items()[0]], [&done[0], &done[1]]);
    settled(&director, &thin, 2).await;
    world.verify().await;
});

scenario!(
    /// R8: a receiver that fails, stalls, redirects and cuts: everything arrives, in the order of each resource, under one
    /// id however often it is sent.
    all_arrive_at_a_bad_receiver(shared) {
        let world = quick(&shared, 40).await;
        let director = world.client(Who::Director);
        let elsewhere = Receiver::willing().await;
        let lured = elsewhere.url.clone();
        let receiver = Receiver::start(move |n, _| match (n.wrapping_mul(2_654_435_761) >> 7) & 31 {
            0..=9 => Act::Answer(503),
            10 | 11 => Act::With(302, "location", lured.clone()),
            12 | 13 => Act::Cut,
            14 => Act::Slowly(Duration::from_millis(200), 200),
            15 => Act::Slowly(Duration::from_millis(100), 500),
            _ => Act::Answer(200),
        })
        .await;
        let (id, secret) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
        let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
        let create: Vec<Value> = (0..100)
            .map(|n| json!({"create": {"program_id": world.program, "title": format!("risk {n}"), "kind": "threat"}}))
            .collect();
        let made = director.batch("risk", json!({"items": create})).await.unwrap();
        for round in 0..4 {
            let update = made.items().iter().map(|made| {
                json!({"update": {"id": made["resource"]["id"], "patch": {"title": format!("round {round}")}}})
            });
            director.batch("risk", json!({"items": update.collect::<Vec<_>>()})).await.unwrap();
        }
        let events = director.all_events(json!({"after": head, "kinds": ["risk"], "page_size": 1000})).await;
        assert_eq!(events.len(), 500);
        let done = settled(&director, &id, 500).await;
        assert!(done.iter().all(|delivery| delivery["state"] == "delivered"), "{:?}", done.iter().find(|d| d["state"] != "delivered"));
        let heard = receiver.heard();
        assert!(heard.len() > 600, "{} sendings", heard.len());
        assert!(elsewhere.heard().is_empty(), "no redirect is followed");
        assert!(heard.iter().all(|heard| heard.signed_by(&secret) == 1));
        let sent: BTreeSet<&str> = heard.iter().map(crate::all::integration::receiver::Heard::id).collect();
        let told: BTreeSet<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(sent, told, "one id for each event, however often it is sent");
        // What was cut may have been heard: of what it took, the first time counts.
        let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for heard in receiver.taken() {
            let ids = order.entry(heard.subject()).or_default();
            if !ids.contains(&heard.id().to_owned()) {
                ids.push(heard.id().to_owned());
            }
        }
        for event in &events {
            let ids = order.get_mut(event["resource_id"].as_str().unwrap()).unwrap();
            assert_eq!(ids.remove(0), event["id"].as_str().unwrap(), "in the order of the resource");
        }
    }
);

scenario!(a_dead_endpoint_delays_no_other(world) {
    let director = world.client(Who::Director);
    let dead = Receiver::start(|_, _| Act::Slowly(Duration::from_hours(1), 200)).await;
    let refusing = format!("http://127.0.0.1:{}/", free_port().await);
    let alive = Receiver::willing().await;
    for url in [&dead.url, &refusing] {
        endpoint(&director, url, json!({"kinds": ["risk"]})).await;
    }
    endpoint(&director, &alive.url, json!({"kinds": ["risk"]})).await;
    for n in 0..40 {
        world.risk(&format!("risk {n}")).await;
    }
    let since = std::time::Instant::now();
    alive.wait(40).await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert!(!dead.heard().is_empty());
});

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

scenario!(who_is_gone_is_left_alone_until_it_is_back(shared) {
    let world = quick(&shared, 5).await;
    let director = world.client(Who::Director);
    let gone = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_gone = std::sync::Arc::clone(&gone);
    let receiver = Receiver::start(move |_, _| {
        Act::Answer(if is_gone.load(std::sync::atomic::Ordering::Relaxed) { 410 } else { 200 })
    })
    .await;
    let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
    world.risk("Flood").await;
    let mut disabled = director.get("webhook_endpoint", &id).await.unwrap();
    for _ in 0..500 {
        if disabled["state"] == "disabled" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        disabled = director.get("webhook_endpoint", &id).await.unwrap();
    }
    assert_eq!((&disabled["state"], &disabled["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    let told = director.all_events(json!({"kinds": ["webhook_endpoint"]})).await;
    let last = told.last().unwrap();
    assert_eq!((&last["operation"], &last["actor"]), (&json!("webhook_endpoint.disable"), &json!("system")));
    world.risk("Fire").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.heard().len(), 1, "nothing is sent meanwhile");
    gone.store(false, std::sync::atomic::Ordering::Relaxed);
    let back = director.act("webhook_endpoint", &id, "enable", json!({})).await.unwrap();
    assert!(back["disabled_reason"].is_null());
    let heard = receiver.wait(2).await;
    let title = |heard: &crate::all::integration::receiver::Heard| heard.json()["data"]["after"]["title"].as_str().unwrap().to_owned();
    let titles: BTreeSet<String> = heard.iter().map(title).collect();
    assert_eq!(titles, ["Fire", "Flood"].map(str::to_owned).into(), "and nothing is lost");
    world.verify().await;
});

scenario!(a_receiver_says_when_to_come_back(shared) {
    let world = quick(&shared, 5).await;
    let director = world.client(Who::Director);
    let receiver = Receiver::start(|n, _| {
        if n == 0 { Act::With(429, "retry-after", "2".to_owned()) } else { Act::Answer(200) }
    })
    .await;
    let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
    world.risk("Flood").await;
    receiver.wait(1).await;
    let heard = receiver.heard();
    assert_eq!((heard.len(), heard[0].id()), (2, heard[1].id()));
    assert!(heard[1].at - heard[0].at >= Duration::from_millis(1_900), "{:?}", heard[1].at - heard[0].at);
    let done = settled(&director, &id, 1).await;
    let statuses: Vec<&Value> = done[0]["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [429, 200]);
});

scenario!(what_was_given_up_can_be_sent_again(shared) {
    let world = quick(&shared, 1).await;
    let director = world.client(Who::Director);
    let receiver = Receiver::start(|n, _| Act::Answer(if n < 2 { 500 } else { 200 })).await;
    let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
    world.risk("Flood").await;
    let given_up = settled(&director, &id, 1).await;
    assert_eq!((given_up.len(), &given_up[0]["state"]), (1, &json!("failed")));
    assert_eq!(given_up[0]["attempts"].as_array().unwrap().len(), 2, "at once, and once more");
    director.act("webhook_endpoint", &id, "replay", json!({"failed": true})).await.unwrap();
    let first = receiver.wait(1).await;
    assert_eq!(first[0].id(), given_up[0]["event_id"].as_str().unwrap());
    world.risk("Fire").await;
    let two = receiver.wait(2).await;
    settled(&director, &id, 2).await;
    let one = json!({"event_id": two[1].id()});
    director.act("webhook_endpoint", &id, "replay", one.clone()).await.unwrap();
    let three = receiver.wait(3).await;
    assert_eq!(three[2].id(), two[1].id(), "one event, under its id");
    settled(&director, &id, 2).await;
    let since = json!({"since": two[0].json()["time"]});
    director.act("webhook_endpoint", &id, "replay", since).await.unwrap();
    let five = receiver.wait(5).await;
    let again: BTreeSet<&str> = five[3..].iter().map(crate::all::integration::receiver::Heard::id).collect();
    assert_eq!(again, [two[0].id(), two[1].id()].into(), "everything since");
    for (body, code) in [
        (json!({}), "INVALID_ARGUMENT"),
        (json!({"failed": true, "event_id": "evt_x"}), "INVALID_ARGUMENT"),
        (json!({"event_id": "evt_nobody"}), "INVALID_ARGUMENT"),
    ] {
        let refused = director.act("webhook_endpoint", &id, "replay", body).await.unwrap_err();
        assert_eq!(refused.code, code, "{refused}");
    }
});

scenario!(a_secret_is_shown_once_and_overlaps(world) {
    let director = world.client(Who::Director);
    let receiver = Receiver::willing().await;
    let body = json!({"name": "x", "url": receiver.url, "kinds": ["risk"]});
    let id = director.create("webhook_endpoint", body).await.unwrap().id().to_owned();
    assert_eq!(director.act("webhook_endpoint", &id, "test", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let dry = director.validate_only().act("webhook_endpoint", &id, "rotate_secret", json!({})).await.unwrap();
    assert!(dry["secret"].is_null());
    let keyed = director.key("rotate");
    let shown = keyed.act("webhook_endpoint", &id, "rotate_secret", json!({})).await.unwrap();
    let first = shown.text("secret").to_owned();
    assert!(first.starts_with("whsec_") && first.len() == 50, "{}", first.len());
    let again = keyed.act("webhook_endpoint", &id, "rotate_secret", json!({})).await.unwrap();
    assert!(again.replayed && again["secret"].is_null());
    let stale = director.if_match("nonsense").act("webhook_endpoint", &id, "test", json!({})).await;
    assert_eq!(stale.unwrap_err().code, "ETAG_MISMATCH");
    let tried = director.key("test").act("webhook_endpoint", &id, "test", json!({})).await.unwrap();
    assert_eq!(tried["status"], 204);
    let again = director.key("test").act("webhook_endpoint", &id, "test", json!({})).await.unwrap();
    assert!(again["status"].is_null() && again["error"].is_null(), "one key, one message: {again:?}");
    let heard = receiver.wait(1).await;
    assert_eq!((&heard[0].json()["type"], heard[0].signed_by(&first)), (&json!("steerco.webhook.test"), 1));

    let second = rotate(&director, &id, json!({})).await;
    let both = receiver_after(&director, &id, &receiver, 2).await;
    assert_eq!((both.signed_by(&first), both.signed_by(&second)), (1, 1), "both hold while they overlap");
    let third = rotate(&director, &id, json!({"overlap_seconds": 0})).await;
    let one = receiver_after(&director, &id, &receiver, 3).await;
    assert_eq!((one.signed_by(&second), one.signed_by(&third)), (0, 1), "and then the new one alone");

    // It stands nowhere: not in what is read, not in the feed, not in the database.
    let mut told = director.get("webhook_endpoint", &id).await.unwrap().json.to_string();
    told += &json!(director.all_events(json!({"page_size": 1000})).await).to_string();
    told += &director.revisions("webhook_endpoint", &id, json!({})).await.unwrap().json.to_string();
    for table in ["webhook", "webhook_endpoint", "webhook_endpoint_rev", "log", "idempotency", "webhook_delivery"] {
        let column = match table {
            "webhook" => "coalesce(secret, '') || coalesce(secret_before, '')",
            "log" => "after",
            "idempotency" => "answer",
            "webhook_delivery" => "history",
            _ => "url",
        };
        told += &sql(&world.server, &format!("SELECT {column} FROM {table}")).await.unwrap();
    }
    for secret in [&first, &second, &third] {
        assert!(!told.contains(secret.trim_start_matches("whsec_")), "a secret is told");
    }
});

async fn receiver_after(
    caller: &Client,
    id: &str,
    receiver: &Receiver,
    count: usize,
) -> crate::all::integration::receiver::Heard {
    caller.act("webhook_endpoint", id, "test", json!({})).await.unwrap();
    receiver.wait(count).await.pop().unwrap()
}

scenario!(
    /// S5: wherever an address is given, it must lead out.
    nothing_inside_is_called(world) {
        let director = world.client(Who::Director);
        let inside = [
            "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://192.168.0.1/", "https://0xa9fea9fe/",
            "https://[::1]/", "https://[::ffff:169.254.169.254]/", "https://[fd00:ec2::254]/", "https://0251.0376.0251.0376/",
            "https://2852039166/", "https://no-such-host.invalid/",
        ];
        let receiver = Receiver::willing().await;
        let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
        for url in inside {
            let made = director.create("webhook_endpoint", json!({"name": "x", "url": url})).await.unwrap_err();
            assert_eq!((made.faults[0].pointer.as_str(), made.faults[0].code.as_str()), ("/url", "INSIDE_ADDRESS"), "{url}");
            let moved = director.update("webhook_endpoint", &id, json!({"url": url})).await.unwrap_err();
            assert_eq!(moved.faults[0].code, "INSIDE_ADDRESS", "{url}");
            let items = json!([{"create": {"name": "x", "url": url}}]);
            let many = director.batch("webhook_endpoint", json!({"items": items})).await.unwrap_err();
            let part = if world.door == Door::Rest { "/create" } else { "" };
            assert_eq!(many.places(), [(&*format!("/items/0{part}/url"), "INSIDE_ADDRESS")]);
            let source = director.upsert("webhook_endpoint", World::SOURCE, "W-1", json!({"name": "x", "url": url})).await;
            assert_eq!(source.unwrap_err().faults[0].code, "INSIDE_ADDRESS", "{url}");
        }
        for url in ["ftp://example.org/", "http://8.8.8.8/", "https://user:pw@8.8.8.8/", "nonsense", "https://8.8.8.8/#x"] {
            let refused = director.create("webhook_endpoint", json!({"name": "x", "url": url})).await.unwrap_err();
            assert_eq!(refused.faults[0].code, "BAD_URL", "{url}");
        }
    }
);

scenario!(
    /// S5: an address that was right when it was given, and is not any more: at a test, a replay and a sending.
    what_leads_inside_by_now_is_not_called(shared) {
        let world = quick(&shared, 3).await;
        let director = world.client(Who::Director);
        let receiver = Receiver::willing().await;
        let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
        // The same database, served by a node that allows nothing inside.
        let strict = node(&world, WebhookSettings { retry_seconds: vec![0; 3], ..WebhookSettings::default() }).await;
        let caller = strict.authenticate(Some(&world.mint(&world.org, world.id(Who::Director), |_| ()))).await.unwrap();
        let context = steerco_service::Context {
            caller, request_id: "r".into(), idempotency_key: None, if_match: None, validate_only: false, effective_at: None,
        };
        let tried = strict.test_webhook(&context, &id).await.unwrap_err();
        assert_eq!(tried.faults[0].code, "INSIDE_ADDRESS");
        let body = json!({"failed": true});
        let again = strict.replay_webhook(&context, &id, body.as_object().unwrap()).await.unwrap_err();
        assert_eq!(again.faults[0].code, "INSIDE_ADDRESS");
        assert!(receiver.heard().is_empty());
    }
);

/// Another node on the database of this world.
async fn node(world: &World, webhooks: WebhookSettings) -> Service {
    let settings = Settings {
        database: world.server.database_url.clone(),
        migrate: false,
        base_url: world.server.url.clone(),
        issuers: Vec::new(),
        ocid_prefix: "ocds-a1b2c3".to_owned(),
        token_seconds: 3600,
        feed_days: 400,
        operator_tokens_approve: true,
        default_authority: steerco_domain::money::Amount::default(),
        attachments: steerco_service::AttachmentLimits::default(),
        webhooks,
        clock: Clock::system(),
    };
    Service::open(settings).await.unwrap()
}

#[test]
fn many_nodes_send_once() {
    steerco_tests::run(steerco_tests::Door::Rest, Engine::Postgres, async |shared| {
        let world = quick(&shared, 3).await;
        let director = world.client(Who::Director);
        let receiver = Receiver::willing().await;
        let allow = vec!["127.0.0.0/8".to_owned()];
        for _ in 0..3 {
            let node = node(&world, WebhookSettings { allow: allow.clone(), ..WebhookSettings::default() }).await;
            tokio::spawn(async move { node.send_webhooks().await });
        }
        let (id, _) = endpoint(&director, &receiver.url, json!({"kinds": ["risk"]})).await;
        for n in 0..200 {
            world.risk(&format!("risk {n}")).await;
        }
        settled(&director, &id, 200).await;
        let heard = receiver.wait(200).await;
        let ids: BTreeSet<&str> = heard.iter().map(crate::all::integration::receiver::Heard::id).collect();
        assert_eq!((heard.len(), ids.len()), (200, 200), "each once");
    });
}

scenario!(
    /// S2 and S4: a vendor's endpoint gets what the vendor may see, and nothing once it may see nothing.
    an_endpoint_sees_what_its_owner_sees(world) {
        let (vendor, director, admin) = (world.client(Who::Vendor), world.client(Who::Director), world.client(Who::Admin));
        let receiver = Receiver::willing().await;
        let (id, _) = endpoint(&vendor, &receiver.url, json!({})).await;
        let rival = world.new_partner("Rival").await;
        let other = world.new_engagement(&rival).await;
        let milestone = async |engagement: &str, title: &str| {
            let body = json!({"engagement_id": engagement, "title": title, "labels": {"private": "yes"}});
            director.create("milestone", body).await.unwrap().id().to_owned()
        };
        milestone(&other, "Rival's").await;
        world.risk("Internal").await;
        let mine = milestone(&world.engagement, "Mine").await;
        let heard = receiver.wait(1).await;
        let told = heard.iter().find(|heard| heard.subject() == mine).unwrap_or(&heard[0]).json();
        assert_eq!((&told["subject"], &told["data"]["after"]["title"]), (&json!(mine), &json!("Mine")));
        assert!(told.get("sequence").is_none() && told["data"].get("seq").is_none() && told["data"]["actor"] == "", "{told}");
        assert!(told["data"]["after"].get("labels").is_none(), "{told}");

        // Nobody else reads or turns it.
        for caller in [&director, &world.client(Who::Stranger)] {
            for refused in [
                caller.get("webhook_endpoint", &id).await,
                caller.deliveries(&id, json!({})).await,
                caller.update("webhook_endpoint", &id, json!({"url": receiver.url})).await,
                caller.act("webhook_endpoint", &id, "rotate_secret", json!({})).await,
                caller.act("webhook_endpoint", &id, "test", json!({})).await,
            ] {
                assert_eq!(refused.unwrap_err().code, "NOT_FOUND");
            }
        }
        for (verb, body) in [("rotate_secret", json!({})), ("test", json!({})), ("replay", json!({"failed": true}))] {
            let refused = admin.act("webhook_endpoint", &id, verb, body).await.unwrap_err();
            assert_eq!(refused.code, "PERMISSION_DENIED", "{verb}");
        }
        assert_eq!(admin.update("webhook_endpoint", &id, json!({"url": receiver.url})).await.unwrap_err().code, "PERMISSION_DENIED");

        let account = world.id(Who::Vendor).to_owned();
        admin.act("service_account", &account, "disable", json!({})).await.unwrap();
        let before = receiver.heard().len();
        milestone(&world.engagement, "Unseen").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(receiver.heard().len(), before, "what is revoked is revoked here too");
        admin.act("service_account", &account, "enable", json!({})).await.unwrap();
        receiver.wait(before + 1).await;
        world.verify().await;
    }
);

scenario!(what_is_out_of_sight_by_now_is_withheld(shared) {
    let webhooks = WebhookSettings {
        allow: vec!["127.0.0.0/8".to_owned()], retry_seconds: vec![1; 20], ..WebhookSettings::default()
    };
    let world = World::alone(shared.door, shared.server.engine, Setup { webhooks, ..Setup::default() }).await.unwrap();
    let (manager, admin) = (world.client(Who::ProgramManager), world.client(Who::Admin));
    let receiver = Receiver::start(|_, _| Act::Answer(500)).await;
    let (id, _) = endpoint(&manager, &receiver.url, json!({"kinds": ["risk"]})).await;
    world.risk("Flood").await;
    while receiver.heard().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // It keeps a grant, over another program.
    let grant = json!({"person_id": world.id(Who::ProgramManager), "role": "program_manager", "program_id": world.other_program});
    admin.create("grant", grant).await.unwrap();
    let grants = admin.list_all("grant", json!({})).await.unwrap();
    let held = |grant: &&Value| grant["person_id"] == world.id(Who::ProgramManager) && grant["program_id"] == world.program.as_str();
    let first = grants.iter().find(held).unwrap()["id"].as_str().unwrap();
    admin.act("grant", first, "revoke", json!({})).await.unwrap();
    let done = async {
        loop {
            let found = manager.deliveries(&id, json!({"state": "withheld"})).await.unwrap().items().to_vec();
            if !found.is_empty() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let withheld = tokio::time::timeout(Duration::from_secs(20), done).await.unwrap();
    assert_eq!(withheld[0]["event_type"], "risk.create");
});
