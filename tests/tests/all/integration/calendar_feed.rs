//! Milestones at an address that calendars subscribe to.

use serde_json::json;
use steerco_tests::{Client, Door, Who, World, scenario};

use crate::all::kernel::bodies::make;

/// The address of a new feed, without the server in front.
async fn address(caller: &Client, program: Option<&str>) -> (String, String) {
    let body = json!({"name": "Milestones", "program_id": program});
    let id = caller.create("calendar_feed", body).await.unwrap().id().to_owned();
    let issued = caller.act("calendar_feed", &id, "issue_address", json!({})).await.unwrap();
    assert_eq!(issued["calendar_feed"]["state"], "active");
    let address = issued["address"].as_str().unwrap();
    (id, address[address.find("/calendars/").unwrap()..].to_owned())
}

/// What is read there, without a token.
async fn read(world: &World, path: &str) -> Result<String, String> {
    let nobody = world.nobody().through(Door::Rest);
    let read = nobody.raw("GET", path).content().await;
    read.map(|file| String::from_utf8(file.bytes).unwrap()).map_err(|refused| refused.code)
}

async fn milestone(world: &World, title: &str) -> String {
    let deliverable = make(world, "deliverable").await;
    let body = json!({"deliverable_id": deliverable, "title": title, "planned_on": "2026-03-01"});
    world.client(Who::Director).create("milestone", body).await.unwrap().id().to_owned()
}

scenario!(a_feed_is_read_at_its_address(world) {
    let director = world.client(Who::Director);
    let id = milestone(&world, "Roof; closed").await;
    let (feed, path) = address(&director, None).await;
    let text = read(&world, &path).await.unwrap();
    for line in [format!("UID:{id}@steerco"), "SEQUENCE:0".into(), "SUMMARY:Roof\\; closed".into(), "DTSTART;VALUE=DATE:20260301".into()] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
    }
    assert_eq!(read(&world, &path).await.unwrap(), text, "the same is written the same");
    director.update("milestone", &id, json!({"forecast_on": "2026-04-01"})).await.unwrap();
    let moved = read(&world, &path).await.unwrap();
    assert!(moved.contains("SEQUENCE:1\r\n") && moved.contains("DTSTART;VALUE=DATE:20260401\r\n"), "{moved}");
    let nobody = world.nobody().through(Door::Rest);
    let answer = nobody.raw("GET", &path).plain().await;
    let held = nobody.raw("GET", &path).header("if-none-match", &format!("\"{}\"", answer.etag.unwrap())).plain().await;
    assert_eq!(held.status, Some(304));

    // A new address ends the one before; a revoked one ends too.
    let again = director.act("calendar_feed", &feed, "issue_address", json!({})).await.unwrap();
    assert_eq!(read(&world, &path).await, Err("NOT_FOUND".to_owned()));
    let address = again["address"].as_str().unwrap().to_owned();
    let path = address[address.find("/calendars/").unwrap()..].to_owned();
    read(&world, &path).await.unwrap();
    director.act("calendar_feed", &feed, "revoke", json!({})).await.unwrap();
    assert_eq!(read(&world, &path).await, Err("NOT_FOUND".to_owned()));
    let stored = crate::all::kernel::wire::sql(&world.server, "SELECT secret_hash FROM credential").await.unwrap();
    assert!(!stored.contains(path.rsplit('/').next().unwrap()), "an address is stored hashed");
    world.verify().await;
});

scenario!(a_feed_shows_what_its_owner_sees_at_that_moment(world) {
    let (director, admin) = (world.client(Who::Director), world.client(Who::Admin));
    let here = milestone(&world, "Here").await;
    let elsewhere = json!({"program_id": world.other_program, "title": "D"});
    let elsewhere = director.create("deliverable", elsewhere).await.unwrap().id().to_owned();
    director.create("milestone", json!({"deliverable_id": elsewhere, "title": "Elsewhere", "planned_on": "2026-01-01"})).await.unwrap();
    let person = admin.create("person", json!({"name": "Manager"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": person, "role": "program_manager", "program_id": world.program});
    let grant = admin.create("grant", grant).await.unwrap().id().to_owned();
    let manager = world.client_of(&person);
    let (feed, path) = address(&manager, Some(&world.program)).await;
    let text = read(&world, &path).await.unwrap();
    assert!(text.contains(&here) && !text.contains("Elsewhere"), "{text}");
    let refused = director.act("calendar_feed", &feed, "issue_address", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "it speaks for its owner");
    admin.act("grant", &grant, "revoke", json!({"reason": "left"})).await.unwrap();
    assert_eq!(read(&world, &path).await, Err("NOT_FOUND".to_owned()));

    let narrow = world.caller(world.mint(&world.org, world.id(Who::Director), |mint| mint.program_ids = Some(vec![world.program.clone()])));
    let own = narrow.create("calendar_feed", json!({"name": "N", "program_id": world.program})).await.unwrap().id().to_owned();
    let refused = narrow.act("calendar_feed", &own, "issue_address", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "a narrowed token cannot widen itself");
    for (part, wrong) in [(2, feed.replace('a', "b")), (3, world.id(Who::Director).to_owned()), (4, "x".to_owned()), (2, "%00".to_owned())] {
        let parts = path.split('/').enumerate().map(|(i, right)| if i == part { wrong.as_str() } else { right });
        let path = parts.collect::<Vec<_>>().join("/");
        assert_eq!(read(&world, &path).await, Err("NOT_FOUND".to_owned()), "{wrong}");
    }
    let vendor = world.client(Who::Vendor).create("calendar_feed", json!({"name": "V"})).await.unwrap_err();
    assert_eq!(vendor.code, "PERMISSION_DENIED");
});

scenario!(a_notice_of_a_contract_is_a_day_of_the_calendar(world) {
    let director = world.client(Who::Director);
    let notices = json!([{"due_on": "2026-09-30", "subject": "whether it is renewed"}]);
    let terms = json!({"partner_id": world.partner, "program_ids": [world.program], "title": "Roof", "kind": "framework",
        "notices": notices, "obligations": [{"key": "site", "owed_by": "organisation", "subject": "access to the site",
        "due_on": "2026-03-01"}]});
    let id = director.create("engagement", terms).await.unwrap().id().to_owned();
    let (_, path) = address(&director, Some(&world.program)).await;
    assert!(!read(&world, &path).await.unwrap().contains("renewed"), "a draft binds nobody");
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    let text = read(&world, &path).await.unwrap();
    for line in [format!("UID:{id}-notice-1@steerco"), "SUMMARY:Notice: whether it is renewed (Roof)".into(), "DTSTART;VALUE=DATE:20260930".into(),
        format!("UID:{id}-obligation-site@steerco"), "SUMMARY:Owed by the organisation: access to the site (Roof)".into(),
        "DTSTART;VALUE=DATE:20260301".into()] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
    }
    director.update("engagement", &id, json!({"program_ids": [world.other_program]})).await.unwrap();
    assert!(!read(&world, &path).await.unwrap().contains("renewed"), "of another program");
});
