//! The crosswalk: what another system calls a resource stands wherever its id may stand, and is nobody else's to see.

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Who, World, scenario};

async fn program(world: &World) -> Client {
    let director = world.client(Who::Director);
    let refs = json!({"external_refs": [
        {"source": "jira", "external_id": "HWK/1"}, {"source": "jira", "external_id": "HWK-OLD"},
    ]});
    director.update("program", &world.program, refs).await.unwrap();
    director
}

scenario!(a_reference_stands_where_an_id_stands(world) {
    let director = program(&world).await;
    for named in ["jira/HWK/1", "jira/HWK-OLD"] {
        let found = director.get("program", named).await.unwrap();
        assert_eq!(found.id(), world.program, "{named}: a source may hold as two what is one here");
    }
    let body = json!({"program_id": "jira/HWK/1", "title": "Late", "kind": "threat"});
    let risk = director.create("risk", body.clone()).await.unwrap();
    assert_eq!(risk["program_id"], json!(world.program), "it is stored as the id");
    let sync = world.client(Who::Integration);
    let same = sync.upsert("risk", "jira", "R-1", body.clone()).await.unwrap();
    assert_eq!(sync.upsert("risk", "jira", "R-1", body.clone()).await.unwrap().did(), "unchanged");
    let upsert = |id: &str, body: &Value| json!({"upsert": {"source": "jira", "external_id": id, "body": body}});
    let items = json!({"items": [
        upsert("R-1", &body), upsert("R-2", &body), {"update": {"id": "jira/R-1", "patch": {"cause": "Rain"}}},
    ], "partial": true});
    let batch = sync.batch("risk", items).await.unwrap();
    let did: Vec<&str> = batch.items().iter().map(|item| item["outcome"].as_str().unwrap_or("refused")).collect();
    assert_eq!(did, ["unchanged", "created", "refused"], "one resource once a batch");

    let renamed = director.update("risk", "jira/R-1", json!({"title": "Later"})).await.unwrap();
    assert_eq!((renamed.id(), &renamed["title"]), (same.id(), &json!("Later")));
    let filter = |filter: &str| json!({"filter": filter, "include_total": true});
    for (text, count) in [
        ("program_id = 'jira/HWK/1'", "3"),
        ("program_id in ('jira/HWK-OLD', 'jira/none')", "3"),
        ("program_id = 'jira/none'", "0"),
        ("program_id != 'jira/none'", "3"),
        ("id = 'jira/R-1'", "1"),
    ] {
        assert_eq!(director.list("risk", filter(text)).await.unwrap()["total"], count, "{text}");
    }
    assert_eq!(director.revisions("risk", "jira/R-1", json!({})).await.unwrap().items().len(), 2);
    assert_eq!(director.progress("program", "jira/HWK/1").await.unwrap()["id"], json!(world.program));
    assert_eq!(director.act("program", "jira/HWK/1", "activate", json!({})).await.unwrap().id(), world.program);
    assert_eq!(director.delete("risk", "jira/R-2").await.unwrap().did(), "deleted");
    assert_eq!(director.undelete("risk", "jira/R-2").await.unwrap().did(), "undeleted");
    world.verify().await;
});

scenario!(ends_of_a_dependency_by_reference(world) {
    let (director, sync) = (program(&world).await, world.client(Who::Integration));
    let deliverable = |title: &str| json!({"program_id": "jira/HWK/1", "title": title});
    for (id, title) in [("D-1", "Design"), ("D-2", "Roof")] {
        sync.upsert("deliverable", "jira", id, deliverable(title)).await.unwrap();
    }
    let body = json!({"predecessor_id": "jira/D-1", "successor_id": "jira/D-2"});
    let made = sync.upsert("dependency", "jira", "L-1", body.clone()).await.unwrap();
    assert_eq!(sync.upsert("dependency", "jira", "L-1", body.clone()).await.unwrap().did(), "unchanged");
    assert_eq!(made["predecessor_id"], json!(director.get("deliverable", "jira/D-1").await.unwrap().id()));
    // Two kinds use the name: which one is meant cannot be known.
    let activity = json!({"project_id": world.project("gym").await, "title": "Design"});
    sync.upsert("activity", "jira", "D-1", activity).await.unwrap();
    let refused = sync.create("dependency", body).await.unwrap_err();
    assert!(refused.faults.iter().any(|fault| fault.pointer == "/predecessor_id"), "{refused}");
});

scenario!(unknown_and_hidden_references_look_alike(world) {
    let director = program(&world).await;
    let refs = json!({"external_refs": [{"source": "jira", "external_id": "ROADS"}]});
    director.update("program", &world.other_program, refs).await.unwrap();
    let manager = world.client(Who::ProgramManager);
    let body = |program: &str| json!({"program_id": program, "title": "", "kind": "threat"});
    let mut answers = Vec::new();
    for named in ["jira/ROADS", "jira/nothing", "nowhere/nothing"] {
        answers.push([
            manager.create("risk", body(named)).await.unwrap_err().anonymous(),
            manager.get("program", named).await.unwrap_err().anonymous(),
            manager.update("program", named, json!({"name": "x"})).await.unwrap_err().anonymous(),
        ]);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    let refused = manager.create("risk", json!({"program_id": "jira/ROADS", "title": "x", "kind": "threat"})).await;
    assert_eq!(refused.unwrap_err().places(), [("/program_id", "NOT_FOUND")]);
    assert_eq!(manager.list("risk", json!({"filter": "program_id = 'jira/ROADS'"})).await.unwrap().items().len(), 0);
    // A vendor sees no reference, and so finds by none, not even what it sees.
    let (vendor, named) = (world.client(Who::Vendor), json!({"external_refs": [{"source": "jira", "external_id": "E-1"}]}));
    director.update("engagement", &world.engagement, named).await.unwrap();
    assert_eq!(vendor.get("engagement", "jira/E-1").await.unwrap_err().code, "NOT_FOUND");
    let seen = vendor.list("engagement", json!({"filter": "id = 'jira/E-1'"})).await.unwrap();
    assert!(seen.items().is_empty());
});

scenario!(references_that_are_none(world) {
    let director = world.client(Who::Director);
    for bad in ["jira/", "/x", "two words/x", "a//\u{1}"] {
        let refused = director.create("risk", json!({"program_id": bad, "title": "x", "kind": "threat"})).await;
        assert_eq!(refused.unwrap_err().places(), [("/program_id", "BAD_ID")], "{bad:?}");
    }
    let refs = |count: usize| {
        let refs: Vec<Value> = (0..count).map(|i| json!({"source": "jira", "external_id": format!("{i}")})).collect();
        json!({"external_refs": refs})
    };
    let risk = world.risk("Many names").await;
    assert_eq!(director.update("risk", &risk, refs(21)).await.unwrap_err().places(), [("/external_refs", "TOO_MANY")]);
    director.update("risk", &risk, refs(20)).await.unwrap();
    assert_eq!(director.get("risk", "jira/19").await.unwrap().id(), risk);
    let twice = json!({"external_refs": [{"source": "jira", "external_id": "1"}, {"source": "jira", "external_id": "1"}]});
    assert_eq!(director.update("risk", &risk, twice).await.unwrap_err().places(), [("/external_refs/1", "DUPLICATE")]);
});

scenario!(one_name_is_given_and_taken(world) {
    let (director, sync) = (world.client(Who::Director), world.client(Who::Integration));
    let (risk, other) = (world.risk("Flood").await, world.risk("Fire").await);
    let after = director.list("risk", json!({})).await.unwrap()["sync_token"].clone();
    let keyed = sync.key("one-name");
    let named = keyed.add_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap();
    assert_eq!((named.did(), &named["revision"]), ("updated", &json!(2)));
    assert_eq!(named["external_refs"], json!([{"source": "jira", "external_id": "R/1"}]));
    let replayed = keyed.add_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap();
    assert!(replayed.replayed && replayed.json == named.json);
    let reused = keyed.remove_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap_err();
    assert_eq!(reused.code, "IDEMPOTENCY_KEY_REUSED");
    let same = sync.add_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap();
    assert_eq!((same.did(), &same.json), ("unchanged", &named.json), "it has it already");

    let second = director.add_ref("risk", "jira/R/1", World::SOURCE, "R-2").await.unwrap();
    assert_eq!((second.id(), second["external_refs"].as_array().unwrap().len()), (risk.as_str(), 2));
    assert_eq!(director.get("risk", "jira/R-2").await.unwrap().id(), risk);
    sync.add_ref("program", &world.program, World::SOURCE, "P-1").await.unwrap();
    let body = json!({"program_id": "jira/P-1", "title": "Late", "kind": "threat"});
    assert_eq!(director.create("risk", body).await.unwrap()["program_id"], json!(world.program), "as a parent too");

    let stale = sync.if_match("1").add_ref("risk", &risk, World::SOURCE, "R-3").await.unwrap_err();
    assert_eq!(stale.code, "ETAG_MISMATCH");
    let dry = sync.validate_only().remove_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap();
    assert_eq!((dry.did(), &dry["external_refs"][0]["external_id"]), ("updated", &json!("R-2")));
    assert_eq!(director.get("risk", &risk).await.unwrap().json, second.json, "nothing was stored");
    let less = sync.remove_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap();
    assert_eq!(less["external_refs"], json!([{"source": "jira", "external_id": "R-2"}]));
    assert_eq!(director.get("risk", "jira/R/1").await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(sync.remove_ref("risk", &risk, World::SOURCE, "R/1").await.unwrap().did(), "unchanged");
    assert_eq!(sync.add_ref("risk", &other, World::SOURCE, "R/1").await.unwrap().did(), "updated", "it is free again");

    let events = director.all_events(json!({"after": after, "kinds": ["risk"], "event_types": ["risk.update"]})).await;
    let changed: Vec<&Value> = events.iter().filter(|event| event["resource_id"] == risk).collect();
    assert_eq!(changed.len(), 3, "one event a change");
    assert!(changed.iter().all(|event| event["changed"].as_array().unwrap().contains(&json!("external_refs"))));
    let others = json!({"after": after, "event_types": ["risk.update"], "exclude_source": World::SOURCE});
    assert_eq!(director.all_events(others).await, Vec::<Value>::new(), "a source is spared its own");
    assert_eq!(director.revisions("risk", &risk, json!({})).await.unwrap().items().len(), 4);
    world.verify().await;
});

scenario!(
/// Places, secrets and addresses are kept beside their resources, by their ids.
what_is_kept_beside_a_resource_goes_by_its_names_too(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let made = async |caller: &Client, kind: &str, body: Value, name: &str| {
        let id = caller.create(kind, body).await.unwrap().id().to_owned();
        caller.add_ref(kind, &id, World::SOURCE, name).await.unwrap();
        id
    };
    let consumer = made(&director, "consumer", json!({"name": "Warehouse", "kinds": ["risk"]}), "C").await;
    world.risk("Flood").await;
    let place = director.position("jira/C").await.unwrap();
    assert_eq!((&place["consumer_id"], &place["events_behind"]), (&json!(consumer), &json!(1)));
    director.act("consumer", "jira/C", "acknowledge", json!({})).await.unwrap();
    assert_eq!(director.position(&consumer).await.unwrap()["events_behind"], 0);
    director.act("consumer", "jira/C", "replay", json!({"seq": "1"})).await.unwrap();
    assert_eq!(director.position(&consumer).await.unwrap()["events_behind"], 1);
    let told = director.events(json!({"consumer_id": "jira/C"})).await.unwrap_err();
    assert_eq!(told.places(), [("?consumer_id", "BAD_ID")], "a parameter beside the path is an id");

    let account = made(&admin, "service_account", json!({"name": "Tool"}), "A").await;
    admin.create("grant", json!({"service_account_id": account, "role": "integration"})).await.unwrap();
    let issued = admin.act("service_account", "jira/A", "issue_secret", json!({})).await.unwrap();
    assert_eq!(issued["client_id"], json!(account));
    let form = format!("grant_type=client_credentials&client_id={account}&client_secret={}", issued.text("client_secret"));
    let asked = world.nobody().through(Door::Rest).raw("POST", "/oauth2/token").body(form);
    let token = asked.header("content-type", "application/x-www-form-urlencoded").plain().await;
    assert_eq!(token.status, Some(200), "the secret is that of the account: {token:?}");

    let feed = made(&director, "calendar_feed", json!({"name": "Milestones"}), "F").await;
    let issued = director.act("calendar_feed", "jira/F", "issue_address", json!({})).await.unwrap();
    let address = issued.text("address");
    assert!(address.contains(&feed), "{address}");
    let address = &address[address.find("/calendars/").unwrap()..];
    world.nobody().through(Door::Rest).raw("GET", address).content().await.unwrap();

    let hook = json!({"name": "Warehouse", "url": "http://127.0.0.1:9/hook", "kinds": ["risk"]});
    made(&director, "webhook_endpoint", hook, "W").await;
    director.act("webhook_endpoint", "jira/W", "rotate_secret", json!({})).await.unwrap();
    director.act("webhook_endpoint", "jira/W", "test", json!({})).await.unwrap();
    assert!(director.deliveries("jira/W", json!({})).await.unwrap().items().is_empty());

    let finance = world.client(Who::Finance);
    let period = crate::all::kernel::bodies::make(&world, "fiscal_period").await;
    crate::all::kernel::bodies::keeper(&world, "fiscal_period").add_ref("fiscal_period", &period, World::SOURCE, "P").await.unwrap();
    let by_name = finance.accrual_proposal("jira/P").await.unwrap();
    assert_eq!(by_name.json, finance.accrual_proposal(&period).await.unwrap().json);

    for refused in [
        director.position("jira/none").await,
        director.act("consumer", "jira/none", "acknowledge", json!({})).await,
        director.act("webhook_endpoint", "jira/none", "rotate_secret", json!({})).await,
        director.act("calendar_feed", "jira/none", "issue_address", json!({})).await,
        admin.act("service_account", "jira/none", "issue_secret", json!({})).await,
        finance.accrual_proposal("jira/none").await,
    ] {
        assert_eq!(refused.unwrap_err().code, "NOT_FOUND");
    }
    let stranger = director.act("service_account", "jira/none", "issue_secret", json!({})).await.unwrap_err();
    assert_eq!(stranger.anonymous(), director.act("service_account", "jira/A", "issue_secret", json!({})).await.unwrap_err().anonymous());
    world.verify().await;
});

scenario!(names_that_cannot_be_given(world) {
    let (admin, director, sync) = (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Integration));
    admin.create("source", json!({"code": "p6", "name": "Scheduler"})).await.unwrap();
    let (risk, other) = (world.risk("Flood").await, world.risk("Fire").await);
    sync.add_ref("risk", &risk, World::SOURCE, "1").await.unwrap();
    let taken = sync.add_ref("risk", &other, World::SOURCE, "1").await.unwrap_err();
    assert_eq!((taken.code.as_str(), taken.places()), ("ALREADY_EXISTS", vec![("/external_id", "ALREADY_EXISTS")]));
    let project = world.project("gym").await;
    assert_eq!(sync.add_ref("project", &project, World::SOURCE, "1").await.unwrap().did(), "updated", "each kind by itself");
    for act in ["add", "remove"] {
        let refer = async |caller: &Client, id: &str, source: &str, name: &str| {
            let done = if act == "add" {
                caller.add_ref("risk", id, source, name).await
            } else {
                caller.remove_ref("risk", id, source, name).await
            };
            done.unwrap_err()
        };
        assert_eq!(refer(&sync, &risk, "nowhere", "2").await.places(), [("/source", "UNKNOWN_SOURCE")], "{act}");
        let both = refer(&sync, &risk, "nowhere", "a\u{1}").await;
        assert_eq!(both.places(), [("/source", "UNKNOWN_SOURCE"), ("/external_id", "CONTROL_CHARACTER")], "{act}");
        assert_eq!(refer(&sync, &risk, "p6", "2").await.code, "PERMISSION_DENIED", "{act} under a source not its own");
        assert_eq!(refer(&sync, "jira/none", World::SOURCE, "2").await.code, "NOT_FOUND", "{act}");
        assert_eq!(refer(&sync, "nonsense", World::SOURCE, "2").await.places(), [("/id", "BAD_ID")], "{act}");
        let auditor = world.client(Who::Auditor);
        assert_eq!(refer(&auditor, &risk, World::SOURCE, "1").await.code, "PERMISSION_DENIED", "{act}");
    }
    assert_eq!(director.add_ref("risk", &risk, "p6", "2").await.unwrap().did(), "updated", "a person under any source");
    for name in 3..21 {
        sync.add_ref("risk", &risk, World::SOURCE, &name.to_string()).await.unwrap();
    }
    let many = sync.add_ref("risk", &risk, World::SOURCE, "21").await.unwrap_err();
    assert_eq!(many.places(), [("/external_id", "TOO_MANY")]);
    // A name of the owner of fields is the owner's to take.
    let owned = json!({"owned_fields": [{"kind": "risk", "field": "cause"}]});
    admin.update("source", &world.source_id, owned).await.unwrap();
    assert_eq!(director.remove_ref("risk", &risk, "p6", "2").await.unwrap().did(), "updated");
    assert_eq!(director.update("risk", &risk, json!({"external_refs": []})).await.unwrap_err().code, "FIELD_OWNED");
    assert_eq!(director.remove_ref("risk", &risk, World::SOURCE, "20").await.unwrap().did(), "updated", "under the source");
    director.delete("risk", &risk).await.unwrap();
    assert_eq!(sync.add_ref("risk", &risk, World::SOURCE, "22").await.unwrap_err().code, "WRONG_STATE");
    // A partner is told nothing of names, not even of what it sees.
    let vendor = world.client(Who::Vendor);
    let engagement = vendor.add_ref("engagement", &world.engagement, World::SOURCE, "1").await.unwrap_err();
    assert_eq!(engagement.code, "PERMISSION_DENIED");
    let said = json!({"subject_id": world.engagement, "visibility": "shared", "text": "Here"});
    let said = vendor.create("comment", said).await.unwrap();
    let own = vendor.add_ref("comment", said.id(), World::SOURCE, "1").await.unwrap_err();
    assert_eq!(own.code, "PERMISSION_DENIED", "{own}");
    world.verify().await;
});

scenario!(
/// The unique index decides, whoever looked first.
a_name_given_to_two_at_once_is_given_once(world) {
    let sync = world.client(Who::Integration);
    let (one, two) = (world.risk("One").await, world.risk("Two").await);
    let both = [&one, &two].map(|id| sync.add_ref("risk", id, World::SOURCE, "R-1"));
    let answers = futures::future::join_all(both).await;
    let taken: Vec<&str> = answers.iter().filter_map(|answer| answer.as_ref().err().map(|r| r.code.as_str())).collect();
    assert_eq!(taken, ["ALREADY_EXISTS"]);
    world.verify().await;
});

scenario!(an_owner_is_named_with_its_day_and_can_be_changed(world) {
    let (admin, director, sync) = (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Integration));
    let owned = |fields: &[&str]| {
        let fields: Vec<Value> = fields.iter().map(|field| json!({"kind": "project", "field": field})).collect();
        json!({"owned_fields": fields})
    };
    let body = json!({"program_id": world.program, "code": "gym", "name": "Gym", "phase": "Design"});
    let synced = sync.upsert("project", World::SOURCE, "1", body).await.unwrap();
    let own = world.project("hall").await;
    let source = admin.update("source", &world.source_id, owned(&["phase"])).await.unwrap();
    let since = source["owned_fields"][0]["since"].as_str().unwrap().to_owned();
    assert_eq!(since, source["updated_at"]);
    let again = json!({"owned_fields": [
        {"kind": "project", "field": "phase", "since": "2001-01-01T00:00:00Z"}, {"kind": "project", "field": "name"},
    ]});
    let source = admin.update("source", &world.source_id, again).await.unwrap();
    assert_eq!(source["owned_fields"][0]["since"], json!(since), "nobody else says since when");
    assert_eq!(director.get("source", "jira/x").await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(director.get("source", &world.source_id).await.unwrap()["owned_fields"], source["owned_fields"], "all may read it");

    let refused = director.update("project", synced.id(), json!({"phase": "Build"})).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("FIELD_OWNED", vec![("/phase", "FIELD_OWNED")]));
    assert!(refused.detail.contains("jira") && refused.detail.contains(&since), "who, and since when: {refused}");
    let unnamed = director.update("project", synced.id(), json!({"external_refs": []})).await.unwrap_err();
    assert_eq!(unnamed.places(), [("/external_refs", "FIELD_OWNED")], "no way around");
    assert_eq!(director.update("project", &own, json!({"phase": "Build"})).await.unwrap().did(), "updated", "not synced");
    assert_eq!(director.upsert("project", World::SOURCE, "1", json!({"phase": "Build"})).await.unwrap().did(), "updated", "under the source");

    let claims = json!({"code": "p6", "name": "Scheduler", "owned_fields": [{"kind": "project", "field": "phase"}]});
    let refused = admin.create("source", claims).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("FIELD_OWNED", vec![("/owned_fields/0", "FIELD_OWNED")]));
    let twice = admin.update("source", &world.source_id, owned(&["phase", "phase"])).await.unwrap_err();
    assert_eq!(twice.places(), [("/owned_fields/1", "DUPLICATE")]);
    assert_eq!(director.update("source", &world.source_id, owned(&[])).await.unwrap_err().code, "PERMISSION_DENIED");
    admin.update("source", &world.source_id, owned(&[])).await.unwrap();
    assert_eq!(director.update("project", synced.id(), json!({"phase": "Close"})).await.unwrap().did(), "updated");
    world.verify().await;
});
