//! Amendments: value, duration and scope of an engagement in force change by them alone, and the value always adds up.

use serde_json::{Value, json};
use steerco_tests::{Client, Refused, Who, World, scenario};

use crate::all::kernel::bodies::unknown;

fn money(amount: &str) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

/// The construction contract of the example of OC4IDS, in force; and one that nobody else's scenario touches.
pub(crate) async fn construction(world: &World, partner: &str) -> String {
    let director = world.client(Who::Director);
    let body = json!({
        "partner_id": partner, "program_ids": [world.program], "title": "Motorway", "kind": "milestone",
        "value": money("29000000"), "starts_on": "2017-07-07", "ends_on": "2018-07-01", "signed_on": "2017-06-25",
        "statement_of_work": "Two lanes",
    });
    let id = director.create("engagement", body).await.unwrap().id().to_owned();
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    id
}

async fn draft(world: &World, engagement: &str, change: Value) -> String {
    let mut body = json!({"engagement_id": engagement, "title": "Change", "rationale": "Ground water"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    world.client(Who::ProgramManager).create("engagement_amendment", body).await.unwrap().id().to_owned()
}

async fn submitted(world: &World, engagement: &str, change: Value) -> String {
    let id = draft(world, engagement, change).await;
    world.client(Who::ProgramManager).act("engagement_amendment", &id, "submit", json!({})).await.unwrap();
    id
}

async fn approve(caller: &Client, id: &str) -> Result<Value, Refused> {
    caller.act("engagement_amendment", id, "approve", json!({})).await.map(|done| done.json)
}

/// An amendment of this engagement in force.
pub(crate) async fn approved(world: &World, engagement: &str, change: Value) -> String {
    let id = submitted(world, engagement, change).await;
    approve(&world.client(Who::Director), &id).await.unwrap();
    id
}

scenario!(
/// Contract of 29.00 M GBP from 2017-07-07 to 2018-07-01, prolonged to 2018-12-01, its scope changed, and raised to
/// 35.25 M. Figures of docs/examples/example.json of OC4IDS (open-contracting/infrastructure, Apache-2.0).
the_published_example_adds_up(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let engagement = construction(&world, &world.partner).await;
    let changes = [
        json!({"new_ends_on": "2018-12-01"}),
        json!({"scope_change": "A third lane", "new_statement_of_work": "Three lanes", "private_notes": "Dear"}),
        json!({"value_change": money("6250000")}),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let id = submitted(&world, &engagement, change).await;
        assert_eq!(vendor.get("engagement_amendment", &id).await.unwrap_err().code, "NOT_FOUND");
        let done = approve(&director, &id).await.unwrap();
        assert_eq!((&done["number"], &done["state"]), (&json!(i + 1), &json!("approved")));
        let seen = vendor.get("engagement_amendment", &id).await.unwrap();
        assert_eq!((seen["number"].as_u64(), &seen["private_notes"]), (Some(i as u64 + 1), &Value::Null));
    }
    let all = vendor.list("engagement_amendment", json!({"order_by": "number"})).await.unwrap();
    let [days, scope, value] = [0, 1, 2].map(|i| all.items()[i].clone());
    assert_eq!((&days["old_ends_on"], &days["new_ends_on"]), (&json!("2018-07-01"), &json!("2018-12-01")));
    assert_eq!((&days["old_value"], &days["new_value"]), (&money("29000000.0000"), &money("29000000.0000")));
    assert_eq!(scope["old_statement_of_work"], "Two lanes");
    assert_eq!((&value["old_value"], &value["new_value"]), (&money("29000000.0000"), &money("35250000.0000")));
    let now = vendor.get("engagement", &engagement).await.unwrap();
    assert_eq!((&now["value"], &now["signed_value"]), (&money("35250000.0000"), &money("29000000.0000")));
    assert_eq!((&now["ends_on"], &now["statement_of_work"]), (&json!("2018-12-01"), &json!("Three lanes")));
    assert_eq!(now["amendment_count"], 3);
    let heard = vendor.all_events(json!({"kinds": ["engagement_amendment", "engagement"]})).await;
    let amended = heard.iter().filter(|event| event["kind"] == "engagement_amendment").count();
    assert_eq!(amended, 3, "one event each, of the approval: {heard:?}");
    world.verify().await;
});

scenario!(what_was_agreed_changes_by_amendment_only(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let engagement = construction(&world, &world.partner).await;
    let patch = json!({"value": money("1"), "starts_on": null, "ends_on": "2019-01-01", "statement_of_work": "All"});
    let refused = director.update("engagement", &engagement, patch).await.unwrap_err();
    let names = ["/value", "/starts_on", "/ends_on", "/statement_of_work"];
    assert_eq!(refused.places(), names.map(|name| (name, "FROZEN")));
    director.update("engagement", &engagement, json!({"value": money("29000000"), "title": "M75"})).await.unwrap();

    let of = |engagement: &str, change: Value| {
        let mut body = json!({"engagement_id": engagement, "title": "Change", "rationale": "Why"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let dollars = json!({"amount": "1", "currency": "USD"});
    for (change, place) in [
        (json!({}), ("/value_change", "REQUIRED")),
        (json!({"value_change": money("0")}), ("/value_change/amount", "OUT_OF_RANGE")),
        (json!({"value_change": money("-29000000.01")}), ("/value_change/amount", "OUT_OF_RANGE")),
        (json!({"value_change": dollars}), ("/value_change/currency", "DOES_NOT_FIT")),
        (json!({"new_ends_on": "2017-01-01"}), ("/new_ends_on", "OUT_OF_ORDER")),
    ] {
        let refused = manager.create("engagement_amendment", of(&engagement, change.clone())).await.unwrap_err();
        assert_eq!(refused.places(), [place], "{change}");
    }
    let other = world.new_draft(&world.partner).await;
    let change = of(&other, json!({"new_ends_on": "2030-01-01"}));
    let refused = manager.create("engagement_amendment", change).await.unwrap_err();
    assert_eq!(refused.places(), [("/engagement_id", "DOES_NOT_FIT")], "a draft changes by itself");

    // What is submitted stays as it is, and nobody decides on what is his own.
    let id = submitted(&world, &engagement, json!({"value_change": money("5")})).await;
    let patch = json!({"value_change": money("6")});
    let refused = manager.update("engagement_amendment", &id, patch.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/value_change", "FROZEN")]);
    assert_eq!(approve(&manager, &id).await.unwrap_err().code, "PERMISSION_DENIED");
    manager.act("engagement_amendment", &id, "withdraw", json!({})).await.unwrap();
    manager.update("engagement_amendment", &id, patch).await.unwrap();
    assert_eq!(approve(&director, &id).await.unwrap_err().code, "WRONG_STATE", "it is a draft again");
    director.act("engagement_amendment", &id, "submit", json!({})).await.unwrap();
    assert_eq!(approve(&manager, &id).await.unwrap_err().code, "PERMISSION_DENIED", "who drafted it");
    assert_eq!(approve(&director, &id).await.unwrap_err().code, "PERMISSION_DENIED", "who submitted it");
    let no = submitted(&world, &engagement, json!({"value_change": money("7")})).await;
    let rejected = director.act("engagement_amendment", &no, "reject", json!({"reason": "dear"})).await.unwrap();
    assert_eq!((&rejected["state"], &rejected["number"]), (&json!("rejected"), &Value::Null));
    assert_eq!(director.delete("engagement_amendment", &no).await.unwrap_err().code, "WRONG_STATE");

    // What is over is amended no more, although it was when it was submitted.
    let late = submitted(&world, &engagement, json!({"value_change": money("8")})).await;
    director.act("engagement", &engagement, "complete", json!({})).await.unwrap();
    assert_eq!(approve(&director, &late).await.unwrap_err().code, "WRONG_STATE");
    let vendor = world.client(Who::Vendor);
    assert_eq!(vendor.list("engagement_amendment", json!({"include_total": true})).await.unwrap()["total"], "0");
    world.verify().await;
});

scenario!(approvals_at_once_lose_nothing(world) {
    let director = world.client(Who::Director);
    let engagement = construction(&world, &world.partner).await;
    let mut ids = Vec::new();
    for units in 1..=8 {
        ids.push(submitted(&world, &engagement, json!({"value_change": money(&units.to_string())})).await);
    }
    let done = futures::future::join_all(ids.iter().map(|id| approve(&director, id))).await;
    let mut numbers: Vec<u64> = done.into_iter().map(|done| done.unwrap()["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    let now = director.get("engagement", &engagement).await.unwrap();
    assert_eq!(now["value"], money("29000036.0000"), "29000000 and the sum of 1 to 8");
    let again = futures::future::join_all([approve(&director, &ids[0]), approve(&director, &ids[0])]).await;
    assert!(again.into_iter().all(|again| again.unwrap_err().code == "WRONG_STATE"));
    world.verify().await;
});

scenario!(approval_stays_within_authority(world) {
    let director = world.client(Who::Director);
    let limit = json!({"role": "director", "act": "engagement_amendment", "limit": money("1000")});
    world.client(Who::Admin).create("authority_limit", limit).await.unwrap();
    let engagement = construction(&world, &world.partner).await;
    for (change, allowed) in [("1000", true), ("1000.01", false), ("-1000.01", false)] {
        let id = submitted(&world, &engagement, json!({"value_change": money(change)})).await;
        match approve(&director, &id).await {
            Ok(_) => assert!(allowed, "{change}"),
            Err(refused) => assert_eq!((allowed, refused.places()[0].1), (false, "BEYOND_AUTHORITY"), "{change}"),
        }
    }
    let days = submitted(&world, &engagement, json!({"new_ends_on": "2020-01-01"})).await;
    approve(&director, &days).await.unwrap();
});

scenario!(a_rival_learns_of_no_amendment(world) {
    let engagement = construction(&world, &world.partner).await;
    let change = json!({"title": "canary-88", "value_change": money("1234567.89")});
    let id = approved(&world, &engagement, change).await;
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    let nobody = unknown("engagement_amendment");
    for verb in ["submit", "approve", "withdraw"] {
        let said = rival.act("engagement_amendment", &id, verb, json!({})).await.unwrap_err().anonymous();
        let meant = rival.act("engagement_amendment", &nobody, verb, json!({})).await.unwrap_err().anonymous();
        assert_eq!(said, meant);
    }
    let said = rival.get("engagement_amendment", &id).await.unwrap_err().anonymous();
    assert_eq!(said, rival.get("engagement_amendment", &nobody).await.unwrap_err().anonymous());
    for args in [
        json!({"include_total": true, "show_deleted": true}),
        json!({"include_total": true, "filter": "title = \"canary-88\" or value_change.amount > 0"}),
        json!({"include_total": true, "order_by": "value_change.amount desc", "as_of": "2099-01-01T00:00:00Z"}),
    ] {
        assert_eq!(rival.list("engagement_amendment", args).await.unwrap()["total"], "0");
    }
    let refused = rival.revisions("engagement_amendment", &id, json!({})).await.unwrap_err();
    assert_eq!(refused.code, "NOT_FOUND");
    let heard = format!("{:?}", rival.all_events(json!({})).await);
    assert!(!heard.contains("canary-88") && !heard.contains(&id), "{heard}");
});
