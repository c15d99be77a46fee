//! The built-in issuer: its key, and tokens signed with it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::PublicKey;

/// An Ed25519 key of the built-in issuer. Its debug form shows the public key only.
#[derive(Debug)]
pub struct SigningKey {
    pair: Ed25519KeyPair,
    key_id: String,
}

/// Claims of a token of the built-in issuer. `None` leaves a claim out, which means no restriction.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// `sub`.
    pub subject: String,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `credential`: mark of the secret that the token was obtained with.
    pub credential: Option<String>,
    /// `jti`.
    pub jti: String,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// `nbf`, in seconds since 1970.
    pub not_before: Option<i64>,
    /// `org`.
    pub org: String,
    /// `roles`.
    pub roles: Option<Vec<String>>,
    /// `scope`, written as one text separated by spaces.
    pub scope: Option<Vec<String>>,
    /// `partner_id`.
    pub partner_id: Option<String>,
    /// `program_ids`.
    pub program_ids: Option<Vec<String>>,
}

impl SigningKey {
    /// Generates a new private key, as PKCS#8, for safe storage.
    pub fn generate_pkcs8() -> Result<Vec<u8>, String> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        Ok(document.map_err(|_| "no key could be generated")?.as_ref().to_vec())
    }

    /// Loads a stored private key.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| "not an Ed25519 key in PKCS#8")?;
        let key_id = thumbprint(&x(&pair));
        Ok(Self { pair, key_id })
    }

    /// The thumbprint of the key (RFC 7638), which can be computed from the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public key, for a [`super::Verifier`].
    pub fn public_key(&self) -> PublicKey {
        PublicKey::ed25519(self.key_id.clone(), self.pair.public_key().as_ref())
    }

    /// The public key, for `/.well-known/jwks.json`.
    pub fn public_jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": x(&self.pair), "kid": self.key_id, "alg": "EdDSA", "use": "sig"})
    }

    /// Signs an access token (RFC 9068).
    pub fn sign(&self, request: &TokenRequest) -> String {
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": self.key_id});
        let message = format!("{}.{}", encoded(&header), encoded(&Value::Object(claims(request))));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims(request: &TokenRequest) -> Map<String, Value> {
    let claims = [
        ("iss", Some(request.issuer.clone().into())),
        ("aud", Some(request.audience.clone().into())),
        ("sub", Some(request.subject.clone().into())),
        ("client_id", request.client_id.clone().map(Value::from)),
        ("credential", request.credential.clone().map(Value::from)),
        ("jti", Some(request.jti.clone().into())),
        ("iat", Some(request.issued_at.into())),
        ("exp", Some(request.expires_at.into())),
        ("nbf", request.not_before.map(Value::from)),
        ("org", Some(request.org.clone().into())),
        ("roles", request.roles.clone().map(Value::from)),
        ("scope", request.scope.as_ref().map(|scope| scope.join(" ").into())),
        ("partner_id", request.partner_id.clone().map(Value::from)),
        ("program_ids", request.program_ids.clone().map(Value::from)),
    ];
    claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn x(pair: &Ed25519KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(pair.public_key())
}

/// The members and their order are defined in RFC 8037, appendix A.3.
fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}
