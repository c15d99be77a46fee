//! Public keys. Each is bound to one name and one algorithm when it is loaded, never by a token.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;
use super::token::{self, MAX_KEY_ID, Parts};

/// A weaker key can be broken; a longer one costs time, which an attacker could exploit.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key with its only algorithm.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key_id: String,
    algorithm: Algorithm,
    key: DecodingKey,
    /// The bytes of the key, to detect whether a set has changed.
    bytes: Vec<u8>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.algorithm == other.algorithm && self.bytes == other.bytes
    }
}

impl PublicKey {
    /// Parses one key of a JWKS (RFC 7517), or returns why it cannot be used.
    pub fn from_jwk(jwk: &Value) -> Result<Self, &'static str> {
        let jwk = Jwk::deserialize(jwk).map_err(|_| "not a key")?;
        let key_id = jwk.usable_key_id()?;
        match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                jwk.check_algorithm(&["EdDSA"])?;
                Ok(Self::ed25519(key_id, &bytes_of(jwk.x.as_deref(), 32)?))
            }
            ("EC", Some("P-256")) => {
                jwk.check_algorithm(&["ES256"])?;
                let point = [vec![4], bytes_of(jwk.x.as_deref(), 32)?, bytes_of(jwk.y.as_deref(), 32)?].concat();
                Ok(Self { key_id, algorithm: Algorithm::ES256, key: DecodingKey::from_ec_der(&point), bytes: point })
            }
            // Without `alg` an RSA key is for RS256 only: one key, one algorithm.
            ("RSA", None) => Self::rsa(key_id, jwk.check_algorithm(&["RS256", "PS256"])?, &jwk),
            _ => Err("unsupported key type"),
        }
    }

    pub(super) fn ed25519(key_id: String, x: &[u8]) -> Self {
        Self { key_id, algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(x), bytes: x.to_vec() }
    }

    fn rsa(key_id: String, algorithm: Algorithm, jwk: &Jwk) -> Result<Self, &'static str> {
        let (n, e) = (number(jwk.n.as_deref())?, number(jwk.e.as_deref())?);
        let unused = n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !RSA_BITS.contains(&(n.len() * 8 - unused)) {
            return Err("RSA key length out of range");
        }
        let key = DecodingKey::from_rsa_raw_components(&n, &e);
        Ok(Self { key_id, algorithm, key, bytes: [n, vec![0], e].concat() })
    }

    /// Whether this key signed the token, by its own algorithm.
    pub(super) fn check(&self, parts: &Parts<'_>) -> Result<(), Refusal> {
        if parts.algorithm != self.algorithm {
            return Err(Refusal::AlgorithmNotAllowed);
        }
        let message = parts.message.as_bytes();
        match jsonwebtoken::crypto::verify(parts.signature, message, &self.key, self.algorithm) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Refusal::BadSignature),
        }
    }
}

/// The keys of an issuer by name.
#[derive(Debug, Default, PartialEq)]
pub(super) struct KeySet(BTreeMap<String, PublicKey>);

impl KeySet {
    /// Of two keys with the same name the first is used.
    pub(super) fn new(keys: Vec<PublicKey>) -> Self {
        let mut set = BTreeMap::new();
        for key in keys {
            set.entry(key.key_id.clone()).or_insert(key);
        }
        Self(set)
    }

    /// Parses a JWKS. Keys that cannot be used are skipped, because a set may serve other purposes too.
    pub(super) fn parse(json: &[u8]) -> Result<Self, &'static str> {
        let set: Jwks = serde_json::from_slice(json).map_err(|_| "not a JWKS")?;
        let keys = set.keys.iter().filter_map(|jwk| {
            PublicKey::from_jwk(jwk).inspect_err(|reason| tracing::debug!(reason, "skipped a key of an issuer")).ok()
        });
        Ok(Self::new(keys.collect()))
    }

    pub(super) fn get(&self, key_id: &str) -> Option<&PublicKey> {
        self.0.get(key_id)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<Value>,
}

impl Jwk {
    fn usable_key_id(&self) -> Result<String, &'static str> {
        if self.d.is_some() {
            return Err("contains a private key, which is no longer secret");
        }
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("use is not sig");
        }
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err("key_ops does not include verify");
        }
        match &self.kid {
            Some(id) if !id.is_empty() && id.len() <= MAX_KEY_ID => Ok(id.clone()),
            _ => Err("no usable kid"),
        }
    }

    /// The algorithm of the key, or else the first that fits its type.
    fn check_algorithm(&self, fitting: &[&str]) -> Result<Algorithm, &'static str> {
        let named = self.alg.as_deref().or(fitting.first().copied());
        let fits = named.filter(|name| fitting.contains(name));
        fits.and_then(token::algorithm).ok_or("unsupported algorithm")
    }
}

fn bytes_of(text: Option<&str>, length: usize) -> Result<Vec<u8>, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.ok_or("incomplete key")?).map_err(|_| "not base64url")?;
    if bytes.len() == length { Ok(bytes) } else { Err("wrong key length") }
}

/// Some issuers write leading zeros, which the crypto provider rejects.
fn number(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.ok_or("incomplete key")?).map_err(|_| "not base64url")?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}
