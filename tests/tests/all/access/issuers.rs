//! Tokens of a trusted foreign issuer: good as far as the issuer is trusted, and no further.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::auth::IssuerConfig;
use steerco_service::clock::Clock;
use steerco_tests::{Client, Door, Engine, Server, Setup, Who, World, runtime};

use crate::all::access::forge::{jwks, now, pair, signed};
use crate::all::access::revocation::{end, stream};
use crate::all::kernel::bodies::{fresh, unknown};

const ISSUER: &str = "https://id.example.org/realm";

/// A world that trusts an issuer, and the issuer's key.
struct Trusted {
    world: World,
    pair: Ed25519KeyPair,
    file: PathBuf,
}

impl Drop for Trusted {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn clock() -> Clock {
    Clock::fixed(Instant::parse("2026-03-01T08:00:00Z").unwrap(), 42)
}

/// Which organisation and partner come first with this clock: an issuer is bound to them before they exist.
async fn first_world(engine: Engine) -> Option<(String, String)> {
    let world = World::alone(Door::Rest, engine, Setup { clock: clock(), ..Setup::default() }).await?;
    Some((world.org, world.partner))
}

async fn trusted(door: Door, engine: Engine) -> Option<Trusted> {
    let (org, partner) = first_world(engine).await?;
    let pair = pair();
    let file = std::env::temp_dir().join(format!("steerco-jwks-{}-{}.json", std::process::id(), fresh()));
    std::fs::write(&file, jwks(&[("k1", &pair)]).to_string()).unwrap();
    let issuer = IssuerConfig {
        organisations: vec![org.clone()],
        greatest_roles: vec!["auditor".to_owned(), "vendor".to_owned()],
        partners: vec![partner.clone()],
        claim_map: [("org".to_owned(), "tenant".to_owned())].into(),
        ..IssuerConfig::new(ISSUER, "steerco", file.to_str().unwrap())
    };
    let setup = Setup { clock: clock(), issuers: vec![issuer], ..Setup::default() };
    let server = Server::start(engine, setup).await?;
    let world = World::on(door, server.into()).await;
    assert_eq!((&world.org, &world.partner), (&org, &partner), "the clock gives the same ids each time");
    Some(Trusted { world, pair, file })
}

impl Trusted {
    fn claims(&self, subject: &str) -> Value {
        let now = now(&self.world);
        json!({"iss": ISSUER, "aud": "steerco", "sub": subject, "tenant": self.world.org, "iat": now, "exp": now + 600})
    }

    fn caller(&self, claims: &Value) -> Client {
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "k1"});
        self.world.caller(signed(&self.pair, &header, claims))
    }

    fn with(&self, subject: &str, change: &Value) -> Client {
        let mut claims = self.claims(subject);
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.caller(&claims)
    }

    /// Links a subject of the issuer to a person.
    async fn link(&self, subject: &str, person: &str) -> String {
        let id = self.propose(subject, person).await;
        self.world.client(Who::Director).act("principal", &id, "confirm", json!({})).await.unwrap();
        id
    }

    async fn propose(&self, subject: &str, person: &str) -> String {
        let body = json!({"person_id": person, "issuer": ISSUER, "subject": subject});
        self.world.client(Who::Admin).create("principal", body).await.unwrap().id().to_owned()
    }
}

async fn code(caller: &Client) -> String {
    match caller.list("risk", json!({})).await {
        Ok(_) => "OK".to_owned(),
        Err(refused) => refused.code,
    }
}

async fn is_good_as_far_as_it_is_trusted(door: Door, engine: Engine) {
    let Some(trusted) = trusted(door, engine).await else { return };
    let world = &trusted.world;
    let plain = trusted.caller(&trusted.claims("ada"));
    assert_eq!(code(&plain).await, "UNAUTHENTICATED", "nobody is linked yet");
    let principal = trusted.link("ada", world.id(Who::Auditor)).await;
    assert_eq!(code(&plain).await, "OK");
    assert_eq!(code(&trusted.with("ada", &json!({"roles": ["auditor"]}))).await, "OK");
    assert_eq!(code(&trusted.with("Ada", &json!({}))).await, "UNAUTHENTICATED", "to the letter");

    let stranger = world.org_of(Who::Stranger);
    for (name, change) in [
        ("another organisation", json!({"tenant": stranger})),
        ("our claim name", json!({"tenant": null, "org": world.org})),
        ("a greater role", json!({"roles": ["director"]})),
        ("a greater role beside a fitting one", json!({"roles": ["auditor", "admin"]})),
        ("another partner", json!({"partner_id": unknown("partner")})),
        ("another audience", json!({"aud": world.server.url})),
        ("the built-in issuer", json!({"iss": world.server.url, "aud": world.server.url, "org": world.org})),
        ("a person as subject", json!({"sub": world.id(Who::Director)})),
    ] {
        assert_eq!(code(&trusted.with("ada", &change)).await, "UNAUTHENTICATED", "{name}");
    }

    // The grants may give more than the issuer may speak for.
    // An administrator alone does not get the rights of a director by linking an account of her own.
    let admin = world.client(Who::Admin);
    let mallory = trusted.propose("mallory", world.id(Who::Director)).await;
    assert_eq!(code(&trusted.caller(&trusted.claims("mallory"))).await, "UNAUTHENTICATED", "not confirmed");
    let refused = admin.act("principal", &mallory, "confirm", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "by another person");
    trusted.propose("root", world.id(Who::Admin)).await;
    assert_eq!(
        code(&trusted.caller(&trusted.claims("root"))).await,
        "PERMISSION_DENIED",
        "an own account needs no other"
    );
    trusted.link("eve", world.id(Who::Director)).await;
    assert_eq!(code(&trusted.caller(&trusted.claims("eve"))).await, "PERMISSION_DENIED");

    for (verb, expected) in [("disable", "UNAUTHENTICATED"), ("enable", "OK")] {
        admin.act("principal", &principal, verb, json!({})).await.unwrap();
        assert_eq!(code(&plain).await, expected, "{verb}");
    }
    let mut feed = plain.watch(json!({"kinds": ["risk"]})).await.unwrap();
    feed.next().await.unwrap().unwrap();
    admin.act("principal", &principal, "disable", json!({})).await.unwrap();
    assert_eq!(end(feed).await, "UNAUTHENTICATED");
    admin.act("principal", &principal, "enable", json!({})).await.unwrap();
    admin.delete("principal", &principal).await.unwrap();
    assert_eq!(code(&plain).await, "UNAUTHENTICATED", "the link is deleted");
}

mod a_foreign_token {
    use super::{Door, Engine, is_good_as_far_as_it_is_trusted, runtime};

    #[test]
    fn rest_sqlite() {
        runtime().block_on(is_good_as_far_as_it_is_trusted(Door::Rest, Engine::Sqlite));
    }

    #[test]
    fn grpc_sqlite() {
        runtime().block_on(is_good_as_far_as_it_is_trusted(Door::Grpc, Engine::Sqlite));
    }

    #[test]
    fn rest_postgres() {
        runtime().block_on(is_good_as_far_as_it_is_trusted(Door::Rest, Engine::Postgres));
    }

    #[test]
    fn grpc_postgres() {
        runtime().block_on(is_good_as_far_as_it_is_trusted(Door::Grpc, Engine::Postgres));
    }
}

/// A key that its issuer withdraws ends what was begun with it: requests, and streams that wait or are busy.
async fn withdraws_a_key(door: Door, engine: Engine) {
    let Some(trusted) = trusted(door, engine).await else { return };
    let world = &trusted.world;
    trusted.link("ada", world.id(Who::Auditor)).await;
    let (old, next) = (trusted.caller(&trusted.claims("ada")), pair());
    assert_eq!(code(&old).await, "OK");
    let waits = stream(&old).await;
    let busy = old.watch(json!({})).await.unwrap();
    std::fs::write(&trusted.file, jwks(&[("k2", &next)]).to_string()).unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "k2"});
    let new = world.caller(signed(&next, &header, &trusted.claims("ada")));
    assert_eq!(code(&new).await, "OK", "an unknown kid makes the keys be read again");
    assert_eq!(code(&old).await, "UNAUTHENTICATED", "a key that is gone signs no more, cached or not");
    assert_eq!(end(waits).await, "UNAUTHENTICATED");
    let writes = async {
        loop {
            world.risk("Flood").await;
        }
    };
    tokio::select! {
        told = end(busy) => assert_eq!(told, "UNAUTHENTICATED"),
        () = writes => {}
    }
}

#[test]
#[ignore = "long: keys are read again at most every 30 seconds"]
fn a_withdrawn_key_ends_what_was_begun_with_it() {
    runtime().block_on(async {
        let all = [
            (Door::Rest, Engine::Sqlite),
            (Door::Grpc, Engine::Sqlite),
            (Door::Rest, Engine::Postgres),
            (Door::Grpc, Engine::Postgres),
        ];
        futures::future::join_all(all.map(|(door, engine)| withdraws_a_key(door, engine))).await;
    });
}
