//! The structure of a token: three parts, a strict header, claims as a JSON object. Nothing is trusted yet.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::Refusal;

/// The type of access tokens by RFC 9068.
pub(super) const ACCESS_TOKEN: &str = "at+jwt";
/// The name in settings of a token without a type.
pub(super) const NO_TYPE: &str = "none";
/// Claims that only identity and logout tokens have (`OpenID` Connect Core 3.3.2.11, Back-Channel Logout 2.4).
const NOT_OF_ACCESS: [&str; 3] = ["at_hash", "c_hash", "events"];

/// Maximum bytes of a token.
pub(super) const MAX_LENGTH: usize = 8192;
/// Maximum bytes of a `kid`, in tokens and in key sets.
pub(super) const MAX_KEY_ID: usize = 256;

/// Headers by which a token would choose its own key, encoding or extensions. Rejected even if they are empty or
/// harmless: no valid token has one.
const FORBIDDEN_HEADERS: [&str; 8] = ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc"];

/// The parts of a token.
pub(super) struct Parts<'a> {
    pub(super) algorithm: Algorithm,
    /// In lower case, without `application/`; [`NO_TYPE`] where there is none.
    pub(super) typ: String,
    pub(super) key_id: String,
    pub(super) claims: Map<String, Value>,
    /// The signed text.
    pub(super) message: &'a str,
    /// Canonical base64url.
    pub(super) signature: &'a str,
}

/// Splits a token and rejects malformed ones.
pub(super) fn split(token: &str) -> Result<Parts<'_>, Refusal> {
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let header = object(header)?;
    if FORBIDDEN_HEADERS.iter().any(|name| header.contains_key(*name)) {
        return Err(Refusal::ForbiddenHeader);
    }
    let algorithm =
        header.get("alg").and_then(Value::as_str).and_then(algorithm).ok_or(Refusal::AlgorithmNotAllowed)?;
    let typ = typ(&header)?;
    let key_id = key_id(&header)?;
    let claims = object(payload)?;
    URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
    Ok(Parts { algorithm, typ, key_id, claims, message, signature })
}

/// The allowed algorithms: asymmetric, without those kept for compatibility only.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "EdDSA" => Some(Algorithm::EdDSA),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        "PS256" => Some(Algorithm::PS256),
        _ => None,
    }
}

fn typ(header: &Map<String, Value>) -> Result<String, Refusal> {
    let Some(typ) = header.get("typ") else { return Ok(NO_TYPE.to_owned()) };
    let typ = typ.as_str().ok_or(Refusal::WrongType)?.to_ascii_lowercase();
    Ok(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
}

impl Parts<'_> {
    /// Whether the issuer accepts tokens of this type. The type of RFC 9068 excludes identity tokens, logout tokens and
    /// others of the same issuer; where a weaker one is accepted, their claims do.
    pub(super) fn check_type(&self, accepted: &[String]) -> Result<(), Refusal> {
        let other = NOT_OF_ACCESS.iter().any(|name| self.claims.contains_key(*name));
        let typ = self.claims.get("typ").and_then(Value::as_str);
        let other = other || typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("bearer"));
        let is_accepted = accepted.iter().any(|name| name.eq_ignore_ascii_case(&self.typ));
        if is_accepted && (self.typ == ACCESS_TOKEN || !other) { Ok(()) } else { Err(Refusal::WrongType) }
    }
}

fn key_id(header: &Map<String, Value>) -> Result<String, Refusal> {
    let key_id = header.get("kid").and_then(Value::as_str).ok_or(Refusal::BadKeyId)?;
    if key_id.is_empty() || key_id.len() > MAX_KEY_ID {
        return Err(Refusal::BadKeyId);
    }
    Ok(key_id.to_owned())
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
    let unique: Unique = serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)?;
    Ok(unique.0)
}

/// A JSON object with unique names: of two `iss`, another parser may use the other one.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with unique names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate name"));
            }
        }
        Ok(object)
    }
}
