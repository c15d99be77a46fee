//! Attachments: what goes in comes out, to whom it may, within the room there is.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use steerco_service::AttachmentLimits;
use steerco_tests::{Client, Door, Setup, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::{body, fresh};
use crate::all::kernel::hostile_values::Random;
use crate::all::kernel::wire::{head, sql};

fn sha256(content: &[u8]) -> String {
    digest(&SHA256, content).as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Bytes that no other test has.
fn random(size: usize) -> Vec<u8> {
    Random::new(u64::from(fresh()) + u64::from(std::process::id()) * 1_000_003).bytes_of(size)
}

async fn attach(caller: &Client, subject: &str, visibility: &str, name: &str) -> String {
    let body = json!({"subject_id": subject, "visibility": visibility, "file_name": name});
    caller.create("attachment", body).await.unwrap().id().to_owned()
}

async fn number(world: &World, statement: &str) -> i64 {
    let statement = statement.replace("ORG", &format!("org = '{}'", world.org));
    sql(&world.server, &statement).await.unwrap().parse().unwrap()
}

/// Pieces staged in this organisation, linked or not.
async fn pieces(world: &World) -> i64 {
    number(world, "SELECT CAST(count(*) AS TEXT) FROM blob_chunk WHERE ORG").await
}

async fn blobs(world: &World) -> i64 {
    number(world, "SELECT CAST(count(*) AS TEXT) FROM blob WHERE ORG").await
}

/// What is left over goes soon after the answer.
async fn settles(world: &World, wanted: i64) {
    for _ in 0..100 {
        if pieces(world).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(pieces(world).await, wanted, "pieces left over");
}

scenario!(what_goes_in_comes_out(world) {
    let director = world.client(Who::Director);
    for content in [random(5 << 20), random(256 << 10), b"short".to_vec(), Vec::new()] {
        let id = attach(&director, &world.program, "internal", "plan ü.pdf").await;
        let pending = director.get("attachment", &id).await.unwrap();
        assert_eq!((&pending["state"], &pending["subject_kind"]), (&json!("pending"), &json!("program")));
        assert_eq!(director.download(&id).await.unwrap_err().code, "NOT_FOUND", "nothing is there yet");
        let stored = director.upload(&id, &content).await.unwrap();
        assert_eq!((stored.did(), stored.text("state"), &stored["revision"]), ("updated", "stored", &json!(2)));
        assert_eq!(stored["sha256"], sha256(&content));
        assert_eq!(stored["size_bytes"], content.len());
        assert!(stored["stored_at"].is_string());
        let back = director.download(&id).await.unwrap();
        assert!(back.bytes == content, "{} bytes came back as {}", content.len(), back.bytes.len());
        let again = director.upload(&id, &content).await.unwrap();
        assert_eq!((again.did(), &again["revision"]), ("unchanged", &json!(2)));
        let other = director.upload(&id, b"something else").await.unwrap_err();
        assert_eq!((other.code.as_str(), other.status), ("WRONG_STATE", 409));
        assert!(director.download(&id).await.unwrap().bytes == content);
    }
    let events = director.all_events(json!({"kinds": ["attachment"]})).await;
    let operations: Vec<&Value> = events.iter().take(2).map(|event| &event["operation"]).collect();
    assert_eq!(operations, ["attachment.create", "attachment.upload"]);
    world.verify().await;
});

scenario!(the_same_content_is_kept_once(world) {
    let (director, content) = (world.client(Who::Director), random(600_000));
    let (one, two) = (attach(&director, &world.program, "internal", "a").await, attach(&director, &world.partner, "internal", "b").await);
    director.upload(&one, &content).await.unwrap();
    assert_eq!((blobs(&world).await, pieces(&world).await), (1, 3));
    director.upload(&two, &content).await.unwrap();
    settles(&world, 3).await;
    assert_eq!(blobs(&world).await, 1);
    director.delete("attachment", &one).await.unwrap();
    assert!(director.download(&two).await.unwrap().bytes == content, "the other keeps it");
    assert_eq!(director.download(&one).await.unwrap_err().code, "NOT_FOUND", "deleted");
    assert_eq!(director.upload(&one, &content).await.unwrap_err().code, "WRONG_STATE", "deleted");
    director.undelete("attachment", &one).await.unwrap();
    assert!(director.download(&one).await.unwrap().bytes == content);
});

scenario!(what_does_not_fit_is_not_stored(world) {
    let (director, content) = (world.client(Who::Director), random(300_000));
    let declared = async |sha256: String| {
        let body = json!({"subject_id": world.program, "visibility": "internal", "file_name": "a", "declared_sha256": sha256});
        director.create("attachment", body).await
    };
    for bad in ["x".repeat(64), "A".repeat(64), "0".repeat(63)] {
        assert_eq!(declared(bad).await.unwrap_err().places(), [("/declared_sha256", "BAD_DIGEST")]);
    }
    let right = declared(sha256(&content)).await.unwrap().id().to_owned();
    let wrong = director.upload(&right, &content[1..]).await.unwrap_err();
    assert_eq!(wrong.places(), [("/declared_sha256", "DOES_NOT_FIT")], "{wrong}");
    if world.door == Door::Grpc {
        for size in [content.len() - 1, content.len() + 1] {
            let wrong = director.upload_said(&right, &content, size).await.unwrap_err();
            assert_eq!(wrong.places(), [("/size_bytes", "DOES_NOT_FIT")], "{wrong}");
        }
    }
    let before = head(&world, &world.org).await;
    let dry = director.validate_only().upload(&right, &content).await.unwrap();
    assert_eq!((dry.did(), dry.text("state")), ("updated", "stored"));
    settles(&world, 0).await;
    assert_eq!((blobs(&world).await, head(&world, &world.org).await), (0, before), "a dry run stores nothing");
    assert_eq!(director.get("attachment", &right).await.unwrap()["state"], "pending");
    director.upload(&right, &content).await.unwrap();
    for name in ["a/b", "..", "a\\b", "a\tb", "x\u{202e}gpj.exe"] {
        let body = json!({"subject_id": world.program, "visibility": "internal", "file_name": name});
        assert_eq!(director.create("attachment", body).await.unwrap_err().places(), [("/file_name", "BAD_FILE_NAME")]);
    }
    world.verify().await;
});

scenario!(there_is_room_for_so_much(world) {
    let attachments = AttachmentLimits { max_bytes: 400_000, quota_bytes: 700_000 };
    let setup = Setup { attachments, ..Setup::default() };
    let Some(world) = World::alone(world.door, world.server.engine, setup).await else { return };
    let director = world.client(Who::Director);
    let new = async || attach(&director, &world.program, "internal", "a").await;
    let id = new().await;
    let refused = director.upload(&id, &random(400_001)).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("BODY_TOO_LARGE", 413));
    let first = random(400_000);
    director.upload(&id, &first).await.unwrap();
    let second = new().await;
    let refused = director.upload(&second, &random(300_001)).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("QUOTA_EXCEEDED", 409), "{refused}");
    assert_eq!(director.upload(&second, &first).await.unwrap().did(), "updated", "what is there takes no room");
    settles(&world, 2).await;
    director.upload(&new().await, &random(300_000)).await.unwrap();
    assert_eq!(director.upload(&new().await, b"x").await.unwrap_err().code, "QUOTA_EXCEEDED");
    assert_eq!(number(&world, "SELECT CAST(sum(size_bytes) AS TEXT) FROM blob WHERE ORG").await, 700_000);
});

scenario!(a_vendor_sees_and_adds_what_is_shared(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let rival = world.new_partner("Rival").await;
    let far = world.new_engagement(&rival).await;
    let content = random(1_000);
    let add = async |subject: &str, visibility: &str| {
        let id = attach(&director, subject, visibility, "a").await;
        director.upload(&id, &content).await.unwrap();
        id
    };
    let shared = add(&world.engagement, "shared").await;
    let hidden = [add(&world.engagement, "internal").await, add(&far, "shared").await, add(&world.program, "shared").await];
    assert!(vendor.download(&shared).await.unwrap().bytes == content);
    assert_eq!(vendor.list("attachment", json!({})).await.unwrap().each("id"), [shared.as_str()]);
    let nobody = crate::all::kernel::bodies::unknown("attachment");
    let missing = vendor.download(&nobody).await.unwrap_err().anonymous();
    let no_upload = vendor.upload(&nobody, &content).await.unwrap_err().anonymous();
    for id in &hidden {
        assert_eq!(vendor.download(id).await.unwrap_err().anonymous(), missing, "unknown and hidden look alike");
        assert_eq!(vendor.upload(id, &content).await.unwrap_err().anonymous(), no_upload);
    }
    let rivals = world.vendor_of(&rival).await;
    assert_eq!(rivals.download(&shared).await.unwrap_err().anonymous(), missing);
    assert_eq!(rivals.list("attachment", json!({})).await.unwrap().each("id"), [hidden[1].as_str()]);
    // The vendor sees what the director attached, and leaves it alone.
    assert_eq!(vendor.upload(&shared, b"other").await.unwrap_err().code, "PERMISSION_DENIED");
    let own = attach(&vendor, &world.engagement, "shared", "offer.txt").await;
    assert_eq!(director.upload(&own, b"other").await.unwrap_err().code, "PERMISSION_DENIED", "nor does the director");
    assert_eq!(vendor.upload(&own, b"an offer").await.unwrap()["media_type"], "text/plain");
    assert_eq!(director.download(&own).await.unwrap().bytes, b"an offer");
    let internal = json!({"subject_id": world.engagement, "visibility": "internal", "file_name": "a"});
    assert_eq!(vendor.create("attachment", internal).await.unwrap_err().places(), [("/visibility", "DOES_NOT_FIT")]);
    let seen = vendor.all_events(json!({"kinds": ["attachment"]})).await;
    assert!(seen.iter().all(|event| event["resource_id"] == shared.as_str() || event["resource_id"] == own.as_str()));
    assert_eq!(world.client(Who::Stranger).download(&shared).await.unwrap_err().code, "NOT_FOUND");
    world.verify().await;
});

scenario!(a_key_uploads_once(world) {
    let (director, content) = (world.client(Who::Director), random(400_000));
    let id = attach(&director, &world.program, "internal", "a").await;
    let keyed = director.key(&format!("upload-{}", fresh()));
    let first = keyed.upload(&id, &content).await.unwrap();
    let again = keyed.upload(&id, &content).await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!((again.did(), &again.json), ("updated", &first.json));
    assert_eq!(keyed.upload(&id, &content[1..]).await.unwrap_err().code, "IDEMPOTENCY_KEY_REUSED");
    settles(&world, 2).await;
    assert_eq!(director.list("attachment", json!({"filter": format!("sha256 = \"{}\"", sha256(&content))})).await.unwrap().each("id"), [id]);
});

scenario!(a_cut_upload_leaves_nothing(world) {
    let director = world.client(Who::Director);
    let id = attach(&director, &world.program, "internal", "a").await;
    let before = head(&world, &world.org).await;
    director.upload_cut(&id, &random(1_500_000)).await;
    settles(&world, 0).await;
    assert_eq!((blobs(&world).await, head(&world, &world.org).await), (0, before));
    assert_eq!(director.get("attachment", &id).await.unwrap()["state"], "pending");
    assert_eq!(director.download(&id).await.unwrap_err().code, "NOT_FOUND");
    director.upload(&id, b"all of it").await.unwrap();
});

scenario!(what_was_abandoned_is_removed(world) {
    let director = world.client(Who::Director);
    let (old, new) = (steerco_domain::id::encode("upl", 7), steerco_domain::id::encode("upl", u128::MAX));
    for upload in [&old, &new] {
        let bytes = "x'00'";
        let bytes = if world.server.engine == steerco_tests::Engine::Postgres { "'\\x00'" } else { bytes };
        let statement = format!("INSERT INTO blob_chunk (org, upload, n, bytes) VALUES ('{}', '{upload}', 0, {bytes})", world.org);
        sql(&world.server, &statement).await.unwrap();
    }
    let id = attach(&director, &world.program, "internal", "a").await;
    director.upload(&id, b"content").await.unwrap();
    assert_eq!(pieces(&world).await, 2, "the content, and what came within the day");
    assert_eq!(director.download(&id).await.unwrap().bytes, b"content");
});

rest_scenario!(nothing_is_shown_in_a_browser(world) {
    let director = world.client(Who::Director);
    let page = b"<!DOCTYPE html><script>alert(document.domain)</script>".repeat(50);
    let id = attach(&director, &world.program, "internal", "x \"1\".html").await;
    assert_eq!(director.upload(&id, &page).await.unwrap()["media_type"], "text/html");
    let path = format!("/v1/attachments/{id}/content");
    let got = director.download(&id).await.unwrap();
    let wanted = [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename*=UTF-8''x%20%221%22.html"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("accept-ranges", "bytes"),
    ];
    for (name, value) in wanted {
        assert_eq!(got.headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    let etag = sha256(&page);
    assert_eq!(got.headers["etag"], format!("\"{etag}\""));
    let held = director.if_none_match(&etag).raw("GET", &path).plain().await;
    assert_eq!((held.status, held.json), (Some(304), Value::Null));
    let zipped = director.raw("GET", &path).header("accept-encoding", "gzip").content().await.unwrap();
    assert!(zipped.bytes == page && !zipped.headers.contains_key("content-encoding"), "the bytes its ETag is of");
    for (range, part) in [("bytes=0-8", &page[..9]), ("bytes=-4", &page[page.len() - 4..]), ("bytes=100-", &page[100..])] {
        let got = director.raw("GET", &path).header("range", range).content().await.unwrap();
        assert!(got.bytes == part && got.headers.contains_key("content-range"), "{range}");
    }
    let stale = director.raw("GET", &path).header("range", "bytes=0-8").header("if-range", "\"old\"");
    assert!(stale.content().await.unwrap().bytes == page);
    let large = random(600_000);
    let id = attach(&director, &world.program, "internal", "b").await;
    director.upload(&id, &large).await.unwrap();
    let path = format!("/v1/attachments/{id}/content");
    let got = director.raw("GET", &path).header("range", "bytes=262100-524300").content().await.unwrap();
    assert!(got.bytes == large[262_100..=524_300], "over two borders");
    let json = director.raw("PUT", &path).json(&json!({})).send().await.unwrap_err();
    assert_eq!(json.status, 415);
});

scenario!(each_kind_of_subject_can_be_attached_to(world) {
    for kind in steerco_domain::subject::subject_kinds().filter(|kind| kind.name != "organisation") {
        let made = crate::all::kernel::bodies::make(&world, kind.name).await;
        let director = world.client(Who::Director);
        let mut body = body(&world, "attachment");
        body["subject_id"] = json!(made);
        let added = director.create("attachment", body).await.unwrap();
        assert_eq!(added["subject_kind"], kind.name);
    }
    let comment = crate::all::kernel::bodies::make(&world, "comment").await;
    let mut body = body(&world, "attachment");
    body["subject_id"] = json!(comment);
    let refused = world.client(Who::Director).create("attachment", body).await.unwrap_err();
    assert_eq!(refused.places(), [("/subject_id", "BAD_ID")]);
});
