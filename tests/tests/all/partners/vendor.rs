//! What a vendor sees and says: its own, from the activation on, without what is private; and nothing of a rival.

use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::access::{Right, Role, TABLE};
use steerco_domain::field::Setter;
use steerco_tests::{Client, Door, Who, World, scenario};

use crate::all::access::strangers::{CANARY, Nest, feed_hides, lists_hide, look_alike};
use crate::all::kernel::bodies::unknown;

/// Kinds that a vendor may read, with one of each that it sees.
async fn seen(world: &World) -> Vec<(&'static str, String)> {
    let director = world.client(Who::Director);
    let milestone = json!({"engagement_id": world.engagement, "title": "Seen", "payment_share": 0.1});
    let milestone = director.create("milestone", milestone).await.unwrap().id().to_owned();
    let change = json!({"new_ends_on": "2030-12-31", "private_notes": CANARY});
    let amendment = crate::all::partners::engagement_amendment::approved(world, &world.engagement, change).await;
    let rates = crate::all::access::permissions::approved_rates(world).await;
    let release = crate::all::kernel::bodies::make(world, "retention_release").await;
    let invoice = crate::all::kernel::bodies::make(world, "invoice").await;
    let statement = crate::all::kernel::bodies::make(world, "vendor_statement").await;
    let measured = crate::all::kernel::bodies::make(world, "service_level_measurement").await;
    let comment = json!({"subject_id": milestone, "visibility": "shared", "text": "Seen"});
    let comment = director.create("comment", comment).await.unwrap().id().to_owned();
    let payable = crate::all::kernel::bodies::make_payable(world, &world.engagement).await;
    let review = director.get("payable", &payable).await.unwrap().text("review_id").to_owned();
    let claim = director.get("review", &review).await.unwrap().text("milestone_update_id").to_owned();
    vec![
        ("organisation", world.org.clone()),
        ("partner", world.partner.clone()),
        ("engagement", world.engagement.clone()),
        ("engagement_amendment", amendment),
        ("service_level_measurement", measured),
        ("rate_card", rates),
        ("retention_release", release),
        ("invoice", invoice),
        ("vendor_statement", statement),
        ("milestone", milestone),
        ("comment", comment),
        ("milestone_update", claim),
        ("review", review),
        ("payable", payable),
    ]
}

fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).filter(|kind| *kind != "organisation").collect()
}

scenario!(a_rival_in_the_same_program_sees_nothing(world) {
    let nest = Nest::build(&world).await;
    // The engagement of the nest serves the program of the rival too.
    let both = json!({"program_ids": [world.program, world.other_program]});
    world.client(Who::Director).update("engagement", nest.id("engagement"), both).await.unwrap();
    let rivals = [
        ("rival", world.client(Who::Vendor)),
        ("rival without engagements", world.vendor_of(&world.new_partner("New").await).await),
    ];
    for (who, rival) in rivals {
        let mut leaks = look_alike(&nest, who, &rival, &kinds()).await;
        leaks.extend(lists_hide(&nest, who, &rival, &kinds()).await);
        leaks.extend(feed_hides(&nest, who, &rival, &world.org).await);
        assert_eq!(leaks, Vec::<String>::new());
        // Nor can it say something of what it does not see, or learn that it is there.
        for kind in ["partner", "engagement", "milestone", "program", "risk", "person", "portfolio", "organisation"] {
            let say = async |id: &str| {
                let body = json!({"subject_id": id, "visibility": "shared", "text": "Hello"});
                let refused = rival.create("comment", body).await.unwrap_err().anonymous();
                (refused.code, refused.detail.replace(id, "ID"), refused.faults.len())
            };
            assert_eq!(say(nest.id(kind)).await, say(&unknown(kind)).await, "{who} on a {kind}");
        }
    }
});

scenario!(a_draft_is_unknown_to_its_own_vendor(world) {
    let (director, partner) = (world.client(Who::Director), world.new_partner("Cautious").await);
    let vendor = world.vendor_of(&partner).await;
    let draft = world.new_draft(&partner).await;
    let body = json!({"engagement_id": draft, "title": "First", "planned_on": "2026-03-01",
        "payment": {"amount": "77777", "currency": "EUR"}});
    let milestone = director.create("milestone", body).await.unwrap();
    assert_eq!(milestone["partner_id"], partner.as_str(), "inherited from the engagement");
    let milestone = milestone.id().to_owned();
    let dropped = json!({"engagement_id": draft, "title": "Dropped 77777"});
    let dropped = director.create("milestone", dropped).await.unwrap().id().to_owned();
    director.delete("milestone", &dropped).await.unwrap();
    let comment = json!({"subject_id": draft, "visibility": "internal", "text": "77777"});
    let comment = director.create("comment", comment).await.unwrap().id().to_owned();
    for (kind, id) in [("engagement", &draft), ("milestone", &milestone), ("comment", &comment)] {
        assert_eq!(vendor.get(kind, id).await.unwrap_err().code, "NOT_FOUND", "{kind}");
        assert_eq!(vendor.list(kind, json!({"include_total": true})).await.unwrap()["total"], "0", "{kind}");
    }
    let at = director.update("milestone", &milestone, json!({"payment": {"amount": "50000", "currency": "EUR"}}));
    let at = at.await.unwrap().text("updated_at").to_owned();
    let before = vendor.all_events(json!({})).await;
    assert!(before.iter().all(|event| event["kind"] == "organisation" || event["kind"] == "partner"), "{before:?}");

    director.act("engagement", &draft, "activate", json!({})).await.unwrap();
    let events = vendor.all_events(json!({})).await;
    let gained: Vec<&Value> = events[before.len()..].iter().collect();
    assert_eq!(gained.len(), 1, "{gained:?}");
    assert_eq!((&gained[0]["resource_id"], &gained[0]["visibility"]), (&json!(draft), &json!("gained")));
    assert_eq!(vendor.get("engagement", &draft).await.unwrap()["state"], "active");
    assert_eq!(vendor.get("milestone", &milestone).await.unwrap()["payment"]["amount"], "50000.0000");
    assert_eq!(vendor.get("comment", &comment).await.unwrap_err().code, "NOT_FOUND", "internal stays internal");

    // How it was negotiated shows in no history, and what was dropped before stays dropped.
    director.update("milestone", &milestone, json!({"title": "Renamed"})).await.unwrap();
    for kind in ["engagement", "milestone"] {
        let id = if kind == "engagement" { &draft } else { &milestone };
        assert_eq!(vendor.as_of(&at).get(kind, id).await.unwrap_err().code, "NOT_FOUND", "{kind}");
        assert_eq!(vendor.as_of(&at).list(kind, json!({"include_total": true})).await.unwrap()["total"], "0");
        assert_eq!(vendor.revisions(kind, id, json!({})).await.unwrap_err().code, "NOT_FOUND", "{kind}");
    }
    let then = vendor.valid_at(&at).get("milestone", &milestone).await.unwrap();
    assert_eq!(then["payment"]["amount"], "50000.0000", "it held when the engagement came into force");
    let first = director.get("milestone", &milestone).await.unwrap().text("created_at").to_owned();
    assert_eq!(vendor.valid_at(&first).get("milestone", &milestone).await.unwrap_err().code, "NOT_FOUND");
    let all = json!({"show_deleted": true, "page_size": 1000});
    assert_eq!(vendor.list("milestone", all).await.unwrap().each("id"), [milestone.as_str()]);
    let heard = format!("{:?}", vendor.all_events(json!({})).await);
    assert!(!heard.contains("77777") && heard.contains("Renamed"), "{heard}");
    world.verify().await;
});

scenario!(a_vendor_sees_each_field_that_is_not_private(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    for (kind, id) in seen(&world).await {
        let declared = steerco_domain::find_kind(kind).unwrap();
        let whole = director.get(kind, &id).await.unwrap().json;
        let part = vendor.get(kind, &id).await.unwrap().json;
        for field in declared.fields {
            let (theirs, ours) = (part.get(field.name), whole.get(field.name));
            // Over gRPC a hidden number is 0.
            let zero = world.door == Door::Grpc && theirs == Some(&json!(0));
            let empty = zero || theirs.is_none_or(|value| *value == json!({}) || *value == json!([]));
            assert!(!field.private || empty, "{kind}.{} is hidden: {part}", field.name);
            // gRPC does not tell an empty list from none.
            let same = theirs == ours || (empty && ours.is_none_or(|value| *value == json!([])));
            assert!(field.private || same, "{kind}.{} is shown: {part} {whole}", field.name);
        }
        for field in declared.fields.iter().filter(|field| field.private) {
            let name = field.name;
            let path = if name == "labels" { "labels.area" } else { name };
            for args in [json!({"order_by": path}), json!({"filter": format!("{path} != null")}), json!({"fields": name})] {
                let refused = vendor.list(kind, args.clone()).await.unwrap_err();
                assert_eq!(refused.code, "INVALID_ARGUMENT", "{kind} {args}");
                let unknown = json!({"order_by": "nothing", "filter": "nothing = 1", "fields": "nothing"});
                let (asked, _) = args.as_object().unwrap().iter().next().unwrap();
                let mut same = json!({});
                same[asked] = unknown[asked].clone();
                let unknown = vendor.list(kind, same).await.unwrap_err();
                assert_eq!(refused.faults[0].code, unknown.faults[0].code, "{kind} {args}: as if it were not there");
            }
        }
    }
});

scenario!(a_vendor_sets_nothing_that_it_does_not_see(world) {
    let vendor = world.client(Who::Vendor);
    let mine = json!({"subject_id": world.engagement, "visibility": "shared", "text": "Delivered"});
    let comment = vendor.create("comment", mine.clone()).await.unwrap().id().to_owned();
    let reference = json!([{"source": World::SOURCE, "external_id": "x"}]);
    for (name, value) in [("labels", json!({"a": "b"})), ("external_refs", reference)] {
        let mut body = mine.clone();
        body[name] = value.clone();
        let mut patch = json!({});
        patch[name] = value;
        for refused in [vendor.create("comment", body).await, vendor.update("comment", &comment, patch).await] {
            let refused = refused.unwrap_err();
            assert_eq!((refused.code.as_str(), refused.faults[0].code.as_str()), ("INVALID_ARGUMENT", "UNKNOWN_FIELD"));
        }
    }
    for kind in KINDS.iter().filter(|kind| !crate::all::kernel::bodies::is_fixed(kind.name)) {
        let body = crate::all::kernel::bodies::body(&world, kind.name);
        let refused = vendor.upsert(kind.name, World::SOURCE, "x", body).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{kind:?}");
    }
    for row in TABLE.iter().filter(|row| row.right(Role::Vendor) != Right::Deny && row.action != "read") {
        // What it says, and how it is told.
        let own = ["milestone_update", "review", "comment", "attachment", "invoice", "vendor_statement"];
        let told = ["consumer", "webhook_endpoint"];
        assert!(own.contains(&row.kind) || told.contains(&row.kind), "{}.{}", row.kind, row.action);
    }
    let system = steerco_domain::find_kind("milestone").unwrap().field("partner_id").unwrap().setter;
    assert_eq!(system, Setter::System, "inherited, not given");
    let refused = world.client(Who::Director).create("milestone", json!({"engagement_id": world.engagement,
        "title": "Mine", "partner_id": world.partner})).await.unwrap_err();
    assert_eq!(refused.places(), [("/partner_id", "READ_ONLY")]);
});

/// Everything a vendor hears of its own.
async fn heard(vendor: &Client, seen: &[(&'static str, String)]) -> String {
    let mut heard = Vec::new();
    for (kind, id) in seen {
        let got = vendor.get(kind, id).await.unwrap();
        let mut list = vendor.list(kind, json!({"include_total": true, "order_by": "created_at"})).await.unwrap().json;
        list["sync_token"] = Value::Null;
        heard.push(format!("{} {:?} {list}", got.json, got.etag));
    }
    // Pages of one: what is hidden must not make a page shorter either.
    let mut args = json!({"page_size": 1});
    loop {
        let mut page = vendor.events(args.clone()).await.unwrap().json;
        args["after"] = page["next_cursor"].clone();
        let more = page["more"] == true;
        let events = page["events"].as_array_mut().unwrap();
        for event in events.iter_mut() {
            event["cursor"] = Value::Null;
        }
        heard.push(format!("{} {more} {events:?}", events.len()));
        if !more {
            return heard.join("\n");
        }
    }
}

scenario!(private_edits_leave_no_trace(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let seen = seen(&world).await;
    let of = |kind: &str| &seen.iter().find(|(known, _)| *known == kind).unwrap().1;
    let milestone = of("milestone");
    let before = heard(&vendor, &seen).await;
    for n in 0..3 {
        let note = format!("{CANARY} {n}");
        director.update("engagement", &world.engagement, json!({"private_notes": note})).await.unwrap();
        director.update("engagement", &world.engagement, json!({"labels": {"secret": note}})).await.unwrap();
        for (kind, id) in seen.iter().filter(|(kind, _)| ["milestone", "review", "payable"].contains(kind)) {
            director.if_match("*").update(kind, id, json!({"private_notes": note})).await.unwrap();
        }
        director.update("milestone_update", of("milestone_update"), json!({"labels": {"secret": note}})).await.unwrap();
        let tier = if n % 2 == 0 { "high" } else { "low" };
        director.update("partner", &world.partner, json!({"risk_tier": tier})).await.unwrap();
        for subject in [&world.engagement, milestone, &world.partner] {
            let comment = json!({"subject_id": subject, "visibility": "internal", "text": note});
            director.create("comment", comment).await.unwrap();
        }
        world.new_draft(&world.partner).await;
        let rival = world.new_partner(&note).await;
        world.new_engagement(&rival).await;
        assert_eq!(heard(&vendor, &seen).await, before);
    }
    director.update("milestone", milestone, json!({"forecast_on": "2026-12-01"})).await.unwrap();
    let after = heard(&vendor, &seen).await;
    assert!(after != before && after.contains("2026-12-01") && !after.contains(CANARY), "{after}");
    for event in vendor.all_events(json!({})).await {
        assert!(event["seq"].is_null() && event["revision"].is_null() && event["actor"] == "", "{event}");
    }
});

scenario!(both_sides_speak_and_one_side_whispers(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let say = |visibility: &str, text: &str| {
        json!({"subject_id": world.engagement, "visibility": visibility, "text": text})
    };
    let whisper = director.create("comment", say("internal", "Too dear")).await.unwrap().id().to_owned();
    let question = director.create("comment", say("shared", "When?")).await.unwrap();
    assert_eq!(question["author_id"], world.id(Who::Director));
    let question = question.id().to_owned();
    let answer = vendor.create("comment", say("shared", "In May")).await.unwrap();
    assert!(answer["author_id"].is_null(), "a service account is no person");
    assert_eq!((answer["subject_kind"].as_str(), answer["partner_id"].as_str()),
        (Some("engagement"), Some(world.partner.as_str())));
    let answer = answer.id().to_owned();
    let refused = vendor.create("comment", say("internal", "No")).await.unwrap_err();
    assert_eq!(refused.places(), [("/visibility", "DOES_NOT_FIT")]);

    let listed = vendor.list("comment", json!({"include_total": true, "order_by": "created_at"})).await.unwrap();
    assert_eq!((listed.each("id"), &listed["total"]), (vec![question.as_str(), answer.as_str()], &json!("2")));
    assert_eq!(vendor.get("comment", &whisper).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(vendor.update("comment", &whisper, json!({"text": "x"})).await.unwrap_err().code, "NOT_FOUND");
    let told = |text: &str, seen: bool| (text.to_owned(), seen);
    let feed = format!("{:?}", vendor.all_events(json!({"kinds": ["comment"]})).await);
    for (text, seen) in [told("When?", true), told("In May", true), told("Too dear", false)] {
        assert_eq!(feed.contains(&text), seen, "{text} in {feed}");
    }
    // Only its author changes what was said, and nobody what it is about or who sees it.
    assert_eq!(vendor.update("comment", &question, json!({"text": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(director.update("comment", &answer, json!({"text": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(vendor.update("comment", &answer, json!({"text": "In June"})).await.unwrap()["text"], "In June");
    let refused = director.update("comment", &whisper, json!({"visibility": "shared"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/visibility", "IMMUTABLE")]);
    assert_eq!(vendor.delete("comment", &answer).await.unwrap_err().code, "PERMISSION_DENIED");
    // Of a grant or an account nothing is said: who reads comments need not see those.
    let about = json!({"subject_id": world.id(Who::Vendor), "visibility": "internal", "text": "x"});
    assert_eq!(director.create("comment", about).await.unwrap_err().places(), [("/subject_id", "BAD_ID")]);
});

scenario!(a_suspended_partner_is_out_at_once(world) {
    let (admin, vendor) = (world.client(Who::Admin), world.client(Who::Vendor));
    let mut feed = vendor.watch(json!({})).await.unwrap();
    feed.next().await.unwrap().unwrap();
    admin.act("partner", &world.partner, "suspend", json!({})).await.unwrap();
    assert_eq!(vendor.get("engagement", &world.engagement).await.unwrap_err().code, "PERMISSION_DENIED");
    let ended = async {
        loop {
            match feed.next().await {
                Some(Ok(_)) => {}
                Some(Err(refused)) => break refused.code,
                None => panic!("the stream says why it ends"),
            }
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), ended).await.unwrap();
    assert_eq!(ended, "PERMISSION_DENIED");
    admin.act("partner", &world.partner, "resume", json!({})).await.unwrap();
    vendor.get("engagement", &world.engagement).await.unwrap();
    world.client(Who::Director).act("partner", &world.partner, "end", json!({})).await.unwrap();
    assert_eq!(vendor.list("engagement", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
});

scenario!(what_is_over_stays_open_to_its_vendor(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    for (verb, body) in [("complete", json!({})), ("terminate", json!({"reason": "by agreement"}))] {
        let id = world.new_engagement(&world.partner).await;
        director.act("engagement", &id, verb, body).await.unwrap();
        vendor.get("engagement", &id).await.unwrap();
        let comment = json!({"subject_id": id, "visibility": "shared", "text": "The last invoice is open"});
        vendor.create("comment", comment).await.unwrap();
        assert_eq!(director.delete("engagement", &id).await.unwrap_err().code, "WRONG_STATE");
    }
    let draft = world.new_draft(&world.partner).await;
    director.delete("engagement", &draft).await.unwrap();
    assert_eq!(director.delete("partner", &world.partner).await.unwrap_err().code, "HAS_CHILDREN");
    assert_eq!(director.delete("program", &world.program).await.unwrap_err().code, "HAS_CHILDREN");
});

scenario!(a_manager_sees_the_engagements_of_its_program(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let body = json!({"partner_id": world.partner, "program_ids": [world.other_program], "title": "Roads",
        "kind": "framework"});
    let id = director.create("engagement", body.clone()).await.unwrap().id().to_owned();
    let milestone = json!({"engagement_id": id, "title": "First"});
    let milestone = director.create("milestone", milestone.clone()).await.unwrap().id().to_owned();
    let comment = json!({"subject_id": milestone, "visibility": "internal", "text": "Hm"});
    let comment = director.create("comment", comment).await.unwrap().id().to_owned();
    let hung = [("engagement", &id), ("milestone", &milestone), ("comment", &comment)];
    for (kind, id) in hung {
        assert_eq!(manager.get(kind, id).await.unwrap_err().code, "NOT_FOUND", "{kind}");
        assert!(!manager.list(kind, json!({})).await.unwrap().each("id").contains(&id.as_str()), "{kind}");
    }
    assert!(manager.create("engagement", body).await.unwrap_err().places().contains(&("/program_ids", "NOT_FOUND")));
    let of = json!({"kinds": ["engagement"]});
    assert!(manager.all_events(of.clone()).await.iter().all(|event| event["resource_id"] != id.as_str()));
    let both = json!({"program_ids": [world.program, world.other_program]});
    director.update("engagement", &id, both).await.unwrap();
    for (kind, id) in hung {
        manager.get(kind, id).await.unwrap();
        assert!(manager.list(kind, json!({})).await.unwrap().each("id").contains(&id.as_str()), "{kind}");
    }
    manager.update("milestone", &milestone, json!({"forecast_on": "2026-06-01"})).await.unwrap();
    director.update("engagement", &id, json!({"program_ids": [world.other_program]})).await.unwrap();
    let events = manager.all_events(of).await;
    let sights: Vec<_> = events.iter().filter(|event| event["resource_id"] == id.as_str()).collect();
    assert_eq!(sights.iter().map(|event| event["visibility"].as_str()).collect::<Vec<_>>(), [Some("gained"), Some("lost")]);
    assert!(sights[1]["after"].is_null());
    assert_eq!(manager.get("milestone", &milestone).await.unwrap_err().code, "NOT_FOUND");
    // A token of the vendor that names programs sees what is both its own and theirs.
    let narrowed = world.mint(&world.org, world.id(Who::Vendor), |mint| {
        mint.partner_id = Some(world.partner.clone());
        mint.program_ids = Some(vec![world.other_program.clone(), "%".to_owned()]);
    });
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    let narrowed = world.caller(narrowed).list("engagement", json!({})).await.unwrap();
    assert_eq!(narrowed.each("id"), [id.as_str()]);
});

scenario!(a_preview_is_what_the_partner_sees_and_changes_nothing(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let seen = seen(&world).await;
    let preview = director.preview_as(&world.partner);
    for (kind, id) in &seen {
        let (theirs, ours) = (vendor.get(kind, id).await.unwrap(), preview.get(kind, id).await.unwrap());
        assert_eq!((&ours.json, &ours.etag), (&theirs.json, &theirs.etag), "{kind}");
        let args = json!({"include_total": true, "order_by": "id", "page_size": 100});
        let (mut theirs, mut ours) = (vendor.list(kind, args.clone()).await.unwrap(), preview.list(kind, args).await.unwrap());
        for page in [&mut theirs, &mut ours] {
            page.json["sync_token"] = Value::Null;
        }
        assert_eq!(ours.json, theirs.json, "{kind}");
        let refused = preview.list(kind, json!({"filter": "updated_at > \"2020-01-01T00:00:00Z\""})).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_ARGUMENT", "{kind}: what is private cannot be asked for");
        assert_eq!(preview.update(kind, id, json!({"labels": {"a": "b"}})).await.unwrap_err().code, "PERMISSION_DENIED");
    }
    let events = |caller: &Client| {
        let caller = caller.clone();
        async move {
            let mut events = caller.all_events(json!({})).await;
            // Of the grants of an account it alone is told.
            events.retain(|event| event["kind"] != "access");
            for event in &mut events {
                event["cursor"] = Value::Null;
            }
            events
        }
    };
    assert_eq!(events(&preview).await, events(&vendor).await);
    // It never shows more than the caller sees, nor what a partner may not read, nor to whom the table says no.
    let other = world.new_partner("Other").await;
    let draft = world.new_draft(&other).await;
    assert_eq!(director.preview_as(&other).get("engagement", &draft).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(director.preview_as(&other).get("engagement", &world.engagement).await.unwrap_err().code, "NOT_FOUND");
    let elsewhere = json!({"program_ids": [world.other_program]});
    director.update("engagement", &world.engagement, elsewhere).await.unwrap();
    let manager = world.client(Who::ProgramManager).preview_as(&world.partner);
    assert_eq!(manager.get("engagement", &world.engagement).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(preview.get("program", &world.program).await.unwrap_err().code, "PERMISSION_DENIED");
    for who in [Who::Finance, Who::Executive, Who::Integration, Who::Vendor] {
        let refused = world.client(who).preview_as(&world.partner).get("partner", &world.partner).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    let wrong = director.preview_as("prog_x").get("partner", &world.partner).await.unwrap_err();
    assert_eq!(wrong.code, "INVALID_ARGUMENT");
    let nobody = director.preview_as(&unknown("partner")).get("partner", &world.partner).await.unwrap_err();
    director.act("partner", &world.partner, "suspend", json!({})).await.unwrap();
    let suspended = preview.get("partner", &world.partner).await.unwrap_err();
    assert_eq!((suspended.code, suspended.detail), (nobody.code, nobody.detail), "who sees nothing shows nothing");
});
