//! Tokens made by hand, each with just one thing wrong.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use steerco_tests::{Who, World};

use crate::all::kernel::wire::{Wire, sql};

/// A key, its name, and what a good token of it says.
pub(crate) struct Forge {
    pub(crate) pair: Ed25519KeyPair,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// The public half, as 32 bytes.
    pub(crate) public: Vec<u8>,
}

pub(crate) fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A new key.
pub(crate) fn pair() -> Ed25519KeyPair {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()
}

/// The set that holds these keys by name.
pub(crate) fn jwks(keys: &[(&str, &Ed25519KeyPair)]) -> Value {
    let key = |(kid, pair): &(&str, &Ed25519KeyPair)| json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": part(pair.public_key())});
    json!({"keys": keys.iter().map(key).collect::<Vec<_>>()})
}

/// The token of this header and these claims, signed by this key whatever the header says.
pub(crate) fn signed(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    signed_text(pair, &header.to_string(), &claims.to_string())
}

fn signed_text(pair: &Ed25519KeyPair, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let signature = part(pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn with(value: &Value, change: &Value) -> Value {
    let mut changed = value.clone();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        } else {
            changed[name] = value.clone();
        }
    }
    changed
}

impl Forge {
    /// The service's own private key, as only its database holds it: so that nothing but the claim is wrong.
    pub(crate) async fn of(world: &World) -> Self {
        let secret = sql(&world.server, "SELECT secret FROM server_key WHERE purpose = 'signing'").await.unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(&STANDARD.decode(secret).unwrap()).unwrap();
        let jwks = Wire::new(&world.server).rest("GET", "/.well-known/jwks.json", &[], "").await.json();
        let kid = jwks["keys"][0]["kid"].clone();
        let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
        assert_eq!(pair.public_key().as_ref(), public, "the published key is the one that signs");
        let now = now(world);
        let claims = json!({
            "iss": world.server.url, "aud": world.server.url, "sub": world.id(Who::Director), "org": world.org,
            "iat": now, "exp": now + 3_600, "jti": "1", "client_id": "test",
        });
        Self { pair, header: json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid}), claims, public }
    }

    pub(crate) fn good(&self) -> String {
        signed(&self.pair, &self.header, &self.claims)
    }

    /// A token whose header is changed; null removes.
    pub(crate) fn header(&self, change: &Value) -> String {
        signed(&self.pair, &with(&self.header, change), &self.claims)
    }

    /// A token whose claims are changed; null removes.
    pub(crate) fn claims(&self, change: &Value) -> String {
        signed(&self.pair, &self.header, &with(&self.claims, change))
    }

    /// Signed with HMAC, the secret being whatever a confused verifier would take for one.
    fn hmac(&self, secret: &[u8]) -> String {
        let header = with(&self.header, &json!({"alg": "HS256"}));
        let message = format!("{}.{}", part(header.to_string()), part(self.claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", part(tag))
    }

    /// Everything that must not be let in, by name.
    pub(crate) fn attacks(&self, now: i64) -> Vec<(String, String)> {
        let good = self.good();
        let mut attacks: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, token: String| attacks.push((name.to_owned(), token));
        self.garbled(&good, &mut add);
        self.confused(&mut add);
        for (name, header) in self.bad_headers() {
            add(name, self.header(&header));
        }
        for (name, claims) in bad_claims(now) {
            add(name, self.claims(&claims));
        }
        let twice = format!(r#"{{"typ":"at+jwt","alg":"none","alg":"EdDSA","kid":{}}}"#, self.header["kid"]);
        add("header names alg twice", signed_text(&self.pair, &twice, &self.claims.to_string()));
        let twice = self.claims.to_string().replacen('{', r#"{"sub":"pers_00000000000000000000000000","#, 1);
        add("claims name sub twice", signed_text(&self.pair, &self.header.to_string(), &twice));
        add("claims are a list", signed_text(&self.pair, &self.header.to_string(), "[]"));
        add("header is a text", signed_text(&self.pair, "\"EdDSA\"", &self.claims.to_string()));
        attacks
    }

    fn garbled(&self, good: &str, add: &mut impl FnMut(&str, String)) {
        let parts: Vec<&str> = good.split('.').collect();
        add("empty", String::new());
        add("garbage", "garbage".to_owned());
        add("dots", "..".to_owned());
        add("two parts", format!("{}.{}", parts[0], parts[1]));
        add("no signature", format!("{}.{}.", parts[0], parts[1]));
        add("five parts", format!("{good}.{}.{}", parts[1], parts[2]));
        add("two tokens", format!("{good}, Bearer {good}"));
        add("padded", format!("{good}=="));
        add("signature of another text", format!("{}.{}x.{}", parts[0], parts[1], parts[2]));
        let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        signature[0] ^= 1;
        add("one bit of the signature", format!("{}.{}.{}", parts[0], parts[1], part(&signature)));
        add("a signature of zeros", format!("{}.{}.{}", parts[0], parts[1], part([0; 64])));
        let claims = with(&self.claims, &json!({"sub": "pers_00000000000000000000000000"}));
        add("claims changed after signing", format!("{}.{}.{}", parts[0], part(claims.to_string()), parts[2]));
        add("oversize", self.claims(&json!({"pad": "x".repeat(9_000)})));
    }

    fn confused(&self, add: &mut impl FnMut(&str, String)) {
        for none in ["none", "None", "NONE", "nOnE"] {
            let header = with(&self.header, &json!({"alg": none}));
            let message = format!("{}.{}", part(header.to_string()), part(self.claims.to_string()));
            add(&format!("alg {none}, unsigned"), format!("{message}."));
            add(&format!("alg {none}, signed"), signed(&self.pair, &header, &self.claims));
        }
        add("HMAC with the public key", self.hmac(&self.public));
        add("HMAC with the public key as text", self.hmac(part(&self.public).as_bytes()));
        add("HMAC with nothing", self.hmac(b""));
        let foreign = pair();
        add("foreign key with our kid", signed(&foreign, &self.header, &self.claims));
        let header = with(&self.header, &json!({"kid": "theirs"}));
        add("foreign key with a kid of its own", signed(&foreign, &header, &self.claims));
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": part(foreign.public_key())});
        add("foreign key in jwk", signed(&foreign, &with(&self.header, &json!({"jwk": jwk})), &self.claims));
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": part(foreign.public_key()), "kid": "theirs"});
        let header = with(&self.header, &json!({"jwk": jwk, "kid": "theirs"}));
        add("foreign key in jwk, named", signed(&foreign, &header, &self.claims));
    }

    fn bad_headers(&self) -> Vec<(&'static str, Value)> {
        let own = json!({"kty": "OKP", "crv": "Ed25519", "x": part(&self.public)});
        vec![
            ("alg missing", json!({"alg": null})),
            ("alg of another key", json!({"alg": "ES256"})),
            ("alg RS256", json!({"alg": "RS256"})),
            ("alg unknown", json!({"alg": "XX"})),
            ("alg no text", json!({"alg": ["EdDSA"]})),
            ("typ missing", json!({"typ": null})),
            ("typ JWT", json!({"typ": "JWT"})),
            ("typ of a logout token", json!({"typ": "logout+jwt"})),
            ("crit unknown", json!({"crit": ["exp"]})),
            ("crit empty", json!({"crit": []})),
            ("b64 off", json!({"b64": false, "crit": ["b64"]})),
            ("jku", json!({"jku": "https://attacker.example/jwks.json"})),
            ("jku of our own", json!({"jku": "/.well-known/jwks.json"})),
            ("x5u", json!({"x5u": "https://attacker.example/cert.pem"})),
            ("x5c", json!({"x5c": ["MIIB"]})),
            ("jwk of our own", json!({"jwk": own})),
            ("zip", json!({"zip": "DEF"})),
            ("kid missing", json!({"kid": null})),
            ("kid empty", json!({"kid": ""})),
            ("kid a number", json!({"kid": 1})),
            ("kid a path", json!({"kid": "../../../../dev/null"})),
            ("kid SQL", json!({"kid": "' UNION SELECT 'AAAA' --"})),
            ("kid a command", json!({"kid": "|/usr/bin/id"})),
            ("kid with NUL", json!({"kid": "a\u{0}b"})),
            ("kid long", json!({"kid": "k".repeat(4_000)})),
        ]
    }
}

fn bad_claims(now: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("iss missing", json!({"iss": null})),
        ("iss of somebody else", json!({"iss": "https://attacker.example"})),
        ("iss with a slash more", json!({"iss": "http://127.0.0.1/"})),
        ("iss no text", json!({"iss": ["x"]})),
        ("aud missing", json!({"aud": null})),
        ("aud of somebody else", json!({"aud": "https://elsewhere.example"})),
        ("aud empty", json!({"aud": []})),
        ("aud no text", json!({"aud": 1})),
        ("sub missing", json!({"sub": null})),
        ("sub empty", json!({"sub": ""})),
        ("sub with NUL", json!({"sub": "pers_\u{0}"})),
        ("org missing", json!({"org": null})),
        ("org no text", json!({"org": {}})),
        ("org with NUL", json!({"org": "org_\u{0}"})),
        ("exp missing", json!({"exp": null})),
        ("expired", json!({"exp": now - 31})),
        ("exp a text", json!({"exp": (now + 60).to_string()})),
        ("exp in milliseconds", json!({"exp": (now + 60) * 1_000_000})),
        ("exp huge", json!({"exp": 1e300})),
        ("exp negative", json!({"exp": -1})),
        ("iat missing", json!({"iat": null})),
        ("iat in the future", json!({"iat": now + 300})),
        ("iat a text", json!({"iat": "now"})),
        ("nbf in the future", json!({"nbf": now + 300})),
        ("nbf a text", json!({"nbf": "soon"})),
        ("roles no list", json!({"roles": {"director": true}})),
        ("scope no text", json!({"scope": 7})),
        ("program_ids a text", json!({"program_ids": "prog_00000000000000000000000000"})),
        ("partner_id a list", json!({"partner_id": ["acme"]})),
    ]
}

/// Seconds since 1970 by the clock of the service.
pub(crate) fn now(world: &World) -> i64 {
    world.server.service.clock().now().seconds()
}
