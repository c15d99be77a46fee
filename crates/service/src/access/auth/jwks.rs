//! Public keys: each is bound to one name and one algorithm when it is read, never by a token.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;
use super::token::{self, MAX_KEY_ID, Parts};

/// A weaker key can be broken; a longer one only costs time, which is how it would be used against us.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key with the one algorithm it is used with.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key_id: String,
    algorithm: Algorithm,
    key: DecodingKey,
    /// The bytes of the key, to tell whether a set has changed.
    bytes: Vec<u8>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.algorithm == other.algorithm && self.bytes == other.bytes
    }
}

impl PublicKey {
    /// Reads one key of a JWKS (RFC 7517), or says why it is of no use here.
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
            // Without `alg` an RSA key is for RS256 alone: one key, one algorithm.
            ("RSA", None) => Self::rsa(key_id, jwk.check_algorithm(&["RS256", "PS256"])?, &jwk),
            _ => Err("a kind of key that is not used here"),
        }
    }

    pub(super) fn ed25519(key_id: String, x: &[u8]) -> Self {
        Self { key_id, algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(x), bytes: x.to_vec() }
    }

    fn rsa(key_id: String, algorithm: Algorithm, jwk: &Jwk) -> Result<Self, &'static str> {
        let (n, e) = (number(jwk.n.as_deref())?, number(jwk.e.as_deref())?);
        let unused = n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !RSA_BITS.contains(&(n.len() * 8 - unused)) {
            return Err("an RSA key of unfit length");
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
    /// Of two keys of one name the first stays, so that the order of reading decides nothing else.
    pub(super) fn new(keys: Vec<PublicKey>) -> Self {
        let mut set = BTreeMap::new();
        for key in keys {
            set.entry(key.key_id.clone()).or_insert(key);
        }
        Self(set)
    }

    /// Reads a JWKS. Keys of no use here are passed over: a set may serve others too.
    pub(super) fn parse(json: &[u8]) -> Result<Self, &'static str> {
        let set: Jwks = serde_json::from_slice(json).map_err(|_| "not a JWKS")?;
        let keys = set.keys.iter().filter_map(|jwk| {
            PublicKey::from_jwk(jwk).inspect_err(|reason| tracing::debug!(reason, "key of an issuer passed over")).ok()
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
            return Err("a private key, which is nobody's secret any more");
        }
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("not for signatures");
        }
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err("not for verifying");
        }
        match &self.kid {
            Some(id) if !id.is_empty() && id.len() <= MAX_KEY_ID => Ok(id.clone()),
            _ => Err("no usable kid"),
        }
    }

    /// The algorithm the key names, or else the first that fits its kind.
    fn check_algorithm(&self, fitting: &[&str]) -> Result<Algorithm, &'static str> {
        let named = self.alg.as_deref().or(fitting.first().copied());
        let fits = named.filter(|name| fitting.contains(name));
        fits.and_then(token::algorithm).ok_or("an algorithm that is not used here")
    }
}

fn bytes_of(text: Option<&str>, length: usize) -> Result<Vec<u8>, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.ok_or("an incomplete key")?).map_err(|_| "not base64url")?;
    if bytes.len() == length { Ok(bytes) } else { Err("a key of wrong length") }
}

/// Some issuers write leading zeros, which the provider refuses.
fn number(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text.ok_or("an incomplete key")?).map_err(|_| "not base64url")?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}
