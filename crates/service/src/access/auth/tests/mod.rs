//! Keys and tokens for the tests, generated at run time, so that the source contains no valid key.

mod attacks;
mod good;
mod keys;
mod providers;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::source::Pace;
use super::{IssuerConfig, PublicKey, Refusal, SigningKey, TokenRequest, Verifier};

const NOW: i64 = 1_800_000_000;
const OWN: &str = "https://steerco.test";
const AUDIENCE: &str = "https://steerco.test/api";
const FOREIGN: &str = "https://login.test";
const FOREIGN_AUDIENCE: &str = "api://steerco";

/// A key of any type with its JWK.
enum Pair {
    Ed(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Pair {
    fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// One for all tests, because generating it is slow.
    fn rsa() -> &'static Self {
        static RSA: OnceLock<Pair> = OnceLock::new();
        RSA.get_or_init(|| Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())))
    }

    fn jwk(&self, key_id: &str) -> Value {
        match self {
            Self::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "kid": key_id, "x": b64(pair.public_key())}),
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": key_id, "x": b64(x), "y": b64(y)})
            }
            Self::Rsa(pair) => {
                let n = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
                let e = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
                json!({"kty": "RSA", "kid": key_id, "n": b64(n), "e": b64(e)})
            }
        }
    }

    /// Signs any header, as an attacker could.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header, &claims.to_string())
    }

    fn sign_text(&self, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let encoding = if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{message}.{}", b64(signature))
    }
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn header(algorithm: &str, key_id: &str) -> Value {
    json!({"typ": "at+jwt", "alg": algorithm, "kid": key_id})
}

/// `base` with some members set, or removed where the value is null.
fn with(base: &Value, changes: Value) -> Value {
    let mut object = base.as_object().unwrap().clone();
    let Value::Object(changes) = changes else { unreachable!("changes are an object") };
    for (name, value) in changes {
        if value.is_null() {
            object.remove(&name)
        } else {
            object.insert(name, value)
        };
    }
    Value::Object(object)
}

fn own_claims() -> Value {
    json!({"iss": OWN, "aud": AUDIENCE, "sub": "sa_1", "iat": NOW, "exp": NOW + 600, "org": "org_a"})
}

fn foreign_claims() -> Value {
    with(&own_claims(), json!({"iss": FOREIGN, "aud": FOREIGN_AUDIENCE}))
}

/// A verifier with this key only, named `k`.
fn own_verifier(pair: &Pair) -> Verifier {
    let key = PublicKey::from_jwk(&pair.jwk("k")).unwrap();
    Verifier::new(OWN.into(), AUDIENCE.into(), vec![key], vec![]).unwrap()
}

fn config(jwks: &str) -> IssuerConfig {
    IssuerConfig {
        organisations: vec!["org_a".into()],
        greatest_roles: vec!["viewer".into()],
        partners: vec!["prt_00000000000000000000000001".into()],
        ..IssuerConfig::new(FOREIGN, FOREIGN_AUDIENCE, jwks)
    }
}

/// A verifier of one foreign issuer whose keys may be read again after `gap`.
fn foreign_verifier(config: IssuerConfig, gap: Duration) -> Verifier {
    let pace = Pace { gap, ..Pace::USUAL };
    Verifier::with_pace(OWN.into(), AUDIENCE.into(), vec![], vec![config], pace).unwrap()
}

/// A JWKS file that is removed after the test.
struct JwksFile(PathBuf);

impl JwksFile {
    fn new(keys: &[Value]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("steerco-jwks-{}-{}.json", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let file = Self(std::env::temp_dir().join(name));
        file.write(keys);
        file
    }

    fn write(&self, keys: &[Value]) {
        std::fs::write(&self.0, json!({"keys": keys}).to_string()).unwrap();
    }

    fn path(&self) -> &str {
        Path::to_str(&self.0).unwrap()
    }
}

impl Drop for JwksFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
