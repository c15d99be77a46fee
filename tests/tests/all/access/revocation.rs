//! What is taken away is gone with the next request, and open streams end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use steerco_tests::{Client, Feed, Item, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::fresh;
use crate::all::kernel::wire::{Heard, Wire};

/// A stream must have ended by then.
const SOON: Duration = Duration::from_secs(2);

/// An open stream of this caller that has said where it is.
pub(crate) async fn stream(caller: &Client) -> Feed {
    let mut feed = caller.watch(json!({"kinds": ["risk"]})).await.unwrap();
    let first = tokio::time::timeout(SOON, feed.next()).await.unwrap().unwrap();
    assert!(matches!(first, Ok(Item::Bookmark(_) | Item::Event(_))), "{first:?}");
    feed
}

/// The code the stream ends with.
pub(crate) async fn end(mut feed: Feed) -> String {
    let since = Instant::now();
    let code = loop {
        match tokio::time::timeout(SOON, feed.next()).await.unwrap() {
            Some(Ok(_)) => {}
            Some(Err(refused)) => break refused.code,
            None => panic!("the stream says why it ends"),
        }
    };
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    assert!(feed.next().await.is_none(), "there is nothing after the error");
    code
}

async fn refused(caller: &Client, world: &World) -> String {
    let body = json!({"program_id": world.program, "title": "Late", "kind": "threat"});
    let read = caller.list("risk", json!({})).await.unwrap_err().code;
    assert_eq!(caller.create("risk", body).await.unwrap_err().code, read);
    assert_eq!(caller.events(json!({})).await.unwrap_err().code, read);
    read
}

/// The grant of an account.
pub(crate) async fn grant_of(world: &World, who: Who) -> String {
    let admin = world.client(Who::Admin);
    let grants = admin.list_all("grant", json!({})).await.unwrap();
    let held = |grant: &&Value| grant["person_id"] == world.id(who) || grant["service_account_id"] == world.id(who);
    grants.iter().find(held).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Takes something away from a caller with an open stream.
async fn take(world: &World, who: Who, kind: &str, id: &str, verb: &str, expected: &str) {
    let admin = world.client(Who::Admin);
    let caller = world.client(who);
    caller.list("risk", json!({})).await.unwrap();
    let feed = stream(&caller).await;
    if verb == "delete" {
        admin.delete(kind, id).await.unwrap();
    } else {
        admin.act(kind, id, verb, json!({})).await.unwrap();
    }
    assert_eq!(refused(&caller, world).await, expected, "{verb} {kind}");
    assert_eq!(end(feed).await, expected, "{verb} {kind}");
}

scenario!(a_disabled_person_is_out_at_once(world) {
    let id = world.id(Who::Director).to_owned();
    take(&world, Who::Director, "person", &id, "disable", "UNAUTHENTICATED").await;
    world.client(Who::Admin).act("person", &id, "enable", json!({})).await.unwrap();
    world.client(Who::Director).list("risk", json!({})).await.unwrap();
});

scenario!(a_deleted_person_is_out_at_once(world) {
    let id = world.id(Who::Executive).to_owned();
    let admin = world.client(Who::Admin);
    let caller = world.client(Who::Executive);
    let feed = stream(&caller).await;
    admin.delete("person", &id).await.unwrap();
    assert_eq!(caller.list("risk", json!({})).await.unwrap_err().code, "UNAUTHENTICATED");
    assert_eq!(end(feed).await, "UNAUTHENTICATED");
});

scenario!(an_erased_person_is_out_at_once(world) {
    let id = world.id(Who::Director).to_owned();
    take(&world, Who::Director, "person", &id, "erase", "UNAUTHENTICATED").await;
});

scenario!(a_disabled_service_account_is_out_at_once(world) {
    let id = world.id(Who::Integration).to_owned();
    take(&world, Who::Integration, "service_account", &id, "disable", "UNAUTHENTICATED").await;
});

scenario!(a_deleted_service_account_is_out_at_once(world) {
    let id = world.id(Who::Integration).to_owned();
    take(&world, Who::Integration, "service_account", &id, "delete", "UNAUTHENTICATED").await;
});

scenario!(a_revoked_grant_ends_what_it_gave(world) {
    let grant = grant_of(&world, Who::Director).await;
    take(&world, Who::Director, "grant", &grant, "revoke", "PERMISSION_DENIED").await;
});

scenario!(a_deleted_grant_ends_what_it_gave(world) {
    let grant = grant_of(&world, Who::Director).await;
    take(&world, Who::Director, "grant", &grant, "delete", "PERMISSION_DENIED").await;
});

scenario!(a_grant_that_runs_out_ends_the_stream(world) {
    let admin = world.client(Who::Admin);
    let person = admin.create("person", json!({"name": "Brief"})).await.unwrap().id().to_owned();
    let until = steerco_domain::time::Instant::from_micros(world.server.service.clock().now().micros() + 1_500_000);
    let grant = json!({"person_id": person, "role": "executive", "valid_until": until});
    admin.create("grant", grant).await.unwrap();
    let caller = world.client_of(&person);
    let feed = stream(&caller).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(end(feed).await, "PERMISSION_DENIED");
    assert_eq!(caller.list("risk", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
});

/// A token request; answers status, and the words of RFC 6749.
async fn token(wire: &Wire, headers: &[(&str, &str)], form: &str) -> Heard {
    let all: Vec<(&str, &str)> =
        [("content-type", "application/x-www-form-urlencoded")].iter().chain(headers).copied().collect();
    let heard = wire.rest("POST", "/oauth2/token", &all, form).await;
    assert_eq!(heard.headers.get("cache-control").map(String::as_str), Some("no-store"), "{heard:?}");
    heard
}

/// A service account with a secret.
async fn client_of(world: &World, role: &str) -> (String, String) {
    let admin = world.client(Who::Admin);
    let account = admin.create("service_account", json!({"name": "Tool"})).await.unwrap().id().to_owned();
    let mut grant = json!({"service_account_id": account, "role": role});
    if role == "vendor" {
        grant["partner_id"] = json!(world.partner);
    }
    admin.create("grant", grant).await.unwrap();
    let issued = admin.act("service_account", &account, "issue_secret", json!({})).await.unwrap();
    (account, issued.text("client_secret").to_owned())
}

fn form(id: &str, secret: &str) -> String {
    format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
}

scenario!(a_new_secret_makes_the_old_one_useless(world) {
    let wire = Wire::new(&world.server);
    let admin = world.client(Who::Admin);
    let (account, old) = client_of(&world, "integration").await;
    let first = token(&wire, &[], &form(&account, &old)).await;
    assert_eq!(first.http, 200, "{first:?}");
    assert_eq!(first.json()["token_type"], "Bearer");
    let caller = world.caller(first.json()["access_token"].as_str().unwrap().to_owned());
    caller.list("risk", json!({})).await.unwrap();
    let waits = stream(&caller).await;
    let issued = admin.act("service_account", &account, "issue_secret", json!({})).await.unwrap();
    let new = issued.text("client_secret");
    assert_ne!(new, old);
    assert_eq!(token(&wire, &[], &form(&account, &old)).await.http, 401);
    assert_eq!(caller.list("risk", json!({})).await.unwrap_err().code, "UNAUTHENTICATED", "its tokens end with it");
    assert_eq!(end(waits).await, "UNAUTHENTICATED");
    let renewed = token(&wire, &[], &form(&account, new)).await;
    assert_eq!(renewed.http, 200);
    let caller = world.caller(renewed.json()["access_token"].as_str().unwrap().to_owned());
    caller.list("risk", json!({})).await.unwrap();
    let shown = admin.get("service_account", &account).await.unwrap().json.to_string();
    assert!(!shown.contains(new) && !shown.contains(&old), "a secret is shown once");

    admin.act("service_account", &account, "disable", json!({})).await.unwrap();
    assert_eq!(token(&wire, &[], &form(&account, new)).await.json()["error"], "invalid_client");
    assert_eq!(caller.list("risk", json!({})).await.unwrap_err().code, "UNAUTHENTICATED");
    admin.act("service_account", &account, "enable", json!({})).await.unwrap();
    assert_eq!(token(&wire, &[], &form(&account, new)).await.http, 200);
    admin.delete("service_account", &account).await.unwrap();
    assert_eq!(token(&wire, &[], &form(&account, new)).await.http, 401);
});

scenario!(a_secret_is_shown_once_even_to_a_repeated_request(world) {
    let admin = world.client(Who::Admin).key(&format!("secret-{}", fresh()));
    let account = world.id(Who::Integration);
    let first = admin.act("service_account", account, "issue_secret", json!({})).await.unwrap();
    let again = admin.act("service_account", account, "issue_secret", json!({})).await.unwrap();
    assert!(first["client_secret"].is_string() && again.replayed && again["client_secret"].is_null());
    let dry = world.client(Who::Admin).validate_only();
    let dry = dry.act("service_account", account, "issue_secret", json!({})).await.unwrap();
    assert!(dry["client_secret"].is_null(), "a dry run issues nothing");
    let wire = Wire::new(&world.server);
    let secret = first.text("client_secret");
    assert_eq!(token(&wire, &[], &form(account, secret)).await.http, 200, "neither replaced it");
});

rest_scenario!(the_token_endpoint_refuses_in_the_words_of_its_rfc(world) {
    let wire = Wire::new(&world.server);
    let (account, secret) = client_of(&world, "integration").await;
    let basic = |id: &str, secret: &str| {
        use base64::Engine;
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{id}:{secret}")))
    };
    let good = basic(&account, &secret);
    let both = form(&account, &secret);
    let cases: Vec<(Option<String>, String, u16, &str)> = vec![
        (None, String::new(), 401, "invalid_client"),
        (None, "grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (None, form(&account, "wrong"), 401, "invalid_client"),
        (None, form(&account, ""), 401, "invalid_client"),
        (None, form("sacc_00000000000000000000000000", &secret), 401, "invalid_client"),
        (None, form(world.id(Who::Director), &secret), 401, "invalid_client"),
        (None, form("%00", &secret), 401, "invalid_client"),
        (None, form(&account, "%00"), 401, "invalid_client"),
        (None, form("'%20OR%201=1%20--", &secret), 401, "invalid_client"),
        (None, form(&account, &"x".repeat(9_000)), 401, "invalid_client"),
        (Some(basic(&account, "wrong")), "grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (Some(format!("Bearer {secret}")), "grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (Some("Basic !!!".to_owned()), "grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (Some(good.clone()), both.clone(), 400, "invalid_request"),
        (Some(good.clone()), String::new(), 400, "invalid_request"),
        (Some(good.clone()), "grant_type=password".to_owned(), 400, "unsupported_grant_type"),
        (Some(good.clone()), "grant_type=authorization_code".to_owned(), 400, "unsupported_grant_type"),
        (Some(good.clone()), "grant_type=client_credentials&grant_type=x".to_owned(), 400, "invalid_request"),
        (Some(good.clone()), "grant_type=client_credentials&scope=%22".to_owned(), 400, "invalid_scope"),
        (Some(good.clone()), "grant_type=client_credentials&scope=risks:read+king".to_owned(), 400, "invalid_scope"),
        (Some(good.clone()), "%zz".to_owned(), 400, "invalid_request"),
    ];
    for (header, body, status, error) in cases {
        let headers: Vec<(&str, &str)> = header.iter().map(|value| ("authorization", value.as_str())).collect();
        let heard = token(&wire, &headers, &body).await;
        let json = heard.json();
        assert_eq!((heard.http, &json["error"]), (status, &json!(error)), "{header:?} {body}: {heard:?}");
        assert!(json["error_description"].is_string() && json.get("access_token").is_none());
        assert_eq!(heard.headers.contains_key("www-authenticate"), status == 401, "{heard:?}");
        assert!(!heard.text().contains(&secret));
    }
    let heard = token(&wire, &[("authorization", &good)], "grant_type=client_credentials&scope=risks:read").await;
    assert_eq!(heard.json()["scope"], "risks:read");
    let narrow = world.caller(heard.json()["access_token"].as_str().unwrap().to_owned());
    narrow.list("risk", json!({})).await.unwrap();
    let body = json!({"program_id": world.program, "title": "No", "kind": "threat"});
    assert_eq!(narrow.create("risk", body).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(narrow.list("project", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let form_encoded = ("content-type", "application/x-www-form-urlencoded");
    let headers = [("authorization", good.as_str()), form_encoded];
    let placed = wire.rest("POST", "/oauth2/token?scope=risks:read", &headers, "grant_type=client_credentials").await;
    assert_eq!((placed.http, &placed.json()["error"]), (400, &json!("invalid_request")), "a scope that narrows nothing");
    assert_eq!(wire.rest("GET", "/oauth2/token", &[], "").await.http, 405);
    let json = wire.rest("POST", "/oauth2/token", &[("content-type", "application/json")], "{}").await;
    assert_eq!(json.http, 415);
});

scenario!(a_vendors_secret_gives_a_token_for_its_partner(world) {
    let wire = Wire::new(&world.server);
    let (account, secret) = client_of(&world, "vendor").await;
    let heard = token(&wire, &[], &form(&account, &secret)).await;
    let vendor = world.caller(heard.json()["access_token"].as_str().unwrap().to_owned());
    assert!(vendor.get("organisation", &world.org).await.unwrap()["revision"].is_null());
    assert_eq!(vendor.list("risk", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
});
