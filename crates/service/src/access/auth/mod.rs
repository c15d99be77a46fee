//! Access tokens: verification of signature and claims.
//!
//! This module contains cryptography and claims. It has no database (permissions come from grants; claims only restrict
//! them), no server and no clock: `now` is passed in as seconds since 1970. The rules are those of RFC 9068 (access
//! tokens) and RFC 8725 (best practice).
//!
//! A token is checked in this order, cheapest first: length, cache, header, issuer, key, signature, claims, times. The
//! header is trusted only where it matches the key in the service's own copy of the issuer's keys.

mod cache;
mod claims;
mod jwks;
mod signing;
mod source;
#[cfg(test)]
mod tests;
mod token;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use cache::{Cache, Entry};
pub use claims::Claims;
use claims::Issuer;
pub(crate) use claims::LEEWAY;
use jwks::KeySet;
pub use jwks::PublicKey;
pub use signing::{SigningKey, TokenRequest};
use source::{Keys, Origin, Pace};

/// A trusted foreign issuer and the limits of its tokens. Organisations, roles and partners that are not listed are not
/// allowed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// `iss` of its tokens, compared exactly.
    pub issuer: String,
    /// Value that `aud` of its tokens must contain.
    pub audience: String,
    /// Its keys: the path of a file or an https address (http only on loopback).
    pub jwks: String,
    /// The organisations that its tokens may name.
    #[serde(default)]
    pub organisations: Vec<String>,
    /// The maximum roles of its tokens.
    #[serde(default)]
    pub greatest_roles: Vec<String>,
    /// The partners that its tokens may name.
    #[serde(default)]
    pub partners: Vec<String>,
    /// Maps our claim names to theirs, for `org`, `roles`, `scope`, `partner_id` and `program_ids`.
    #[serde(default)]
    pub claim_map: BTreeMap<String, String>,
}

/// Why a token was rejected, for logs and metrics. A client only learns that it was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not three parts of canonical base64url, or not JSON objects with unique names.
    Malformed,
    /// Longer than any valid token.
    TooLong,
    /// Not an allowed algorithm, or not the algorithm of the key.
    AlgorithmNotAllowed,
    /// `typ` is not that of an access token.
    WrongType,
    /// A header that chooses keys, changes the encoding or requires extensions.
    ForbiddenHeader,
    /// `kid` is missing, not a text, empty or too long.
    BadKeyId,
    /// `iss` is not a trusted issuer.
    UnknownIssuer,
    /// The issuer has no such key.
    UnknownKey,
    /// The keys of the issuer have never been read successfully.
    KeysUnavailable,
    /// The signature does not match the key and the text.
    BadSignature,
    /// The token is for another audience.
    WrongAudience,
    /// Past `exp`.
    Expired,
    /// Before `nbf`, or issued in the future.
    NotYetValid,
    /// A required claim is missing.
    MissingClaim(&'static str),
    /// A claim has the wrong JSON type or an impossible value.
    ClaimType(&'static str),
    /// The issuer is not trusted with this organisation, role or partner.
    OutsideIssuer,
}

impl Refusal {
    /// A stable word for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::WrongType => "wrong_type",
            Self::ForbiddenHeader => "forbidden_header",
            Self::BadKeyId => "bad_key_id",
            Self::UnknownIssuer => "unknown_issuer",
            Self::UnknownKey => "unknown_key",
            Self::KeysUnavailable => "keys_unavailable",
            Self::BadSignature => "bad_signature",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::MissingClaim(_) => "missing_claim",
            Self::ClaimType(_) => "claim_type",
            Self::OutsideIssuer => "outside_issuer",
        }
    }

    /// The claim that is missing or wrong, by our name for it.
    pub fn claim(self) -> Option<&'static str> {
        match self {
            Self::MissingClaim(name) | Self::ClaimType(name) => Some(name),
            _ => None,
        }
    }
}

/// The key that signed a token.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    issuer: Arc<Issuer>,
    /// The keys in force when the signature was checked.
    keys: Arc<KeySet>,
    key_id: Arc<str>,
}

impl Signer {
    /// Whether the key is still in force.
    pub(crate) fn is_trusted(&self) -> bool {
        let current = self.issuer.keys.current();
        Arc::ptr_eq(&self.keys, &current) || current.get(&self.key_id) == self.keys.get(&self.key_id)
    }
}

/// Verifies tokens of the built-in issuer and of every configured issuer.
#[derive(Debug)]
pub struct Verifier {
    issuers: HashMap<String, Arc<Issuer>>,
    own_keys: Arc<Keys>,
    cache: Cache,
}

impl Verifier {
    /// Reads no keys yet: they are read at the first token of an issuer, or by [`Verifier::refresh`].
    pub fn new(
        own_issuer: String,
        audience: String,
        own_keys: Vec<PublicKey>,
        issuers: Vec<IssuerConfig>,
    ) -> Result<Self, String> {
        Self::with_pace(own_issuer, audience, own_keys, issuers, Pace::USUAL)
    }

    fn with_pace(
        own_issuer: String,
        audience: String,
        own_keys: Vec<PublicKey>,
        issuers: Vec<IssuerConfig>,
        pace: Pace,
    ) -> Result<Self, String> {
        // The provider may already be installed; there is only one.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let own_keys = Arc::new(Keys::new(own_issuer.clone(), Origin::Given(KeySet::new(own_keys)), pace));
        let own = Issuer::built_in(own_issuer, audience, Arc::clone(&own_keys))?;
        let mut known = HashMap::from([(own.name.clone(), Arc::new(own))]);
        for config in issuers {
            let origin = Origin::parse(&config.jwks).map_err(|fault| format!("issuer {}: {fault}", config.issuer))?;
            let keys = Arc::new(Keys::new(config.issuer.clone(), origin, pace));
            let issuer = Issuer::foreign(config, keys)?;
            if let Some(twice) = known.insert(issuer.name.clone(), Arc::new(issuer)) {
                return Err(format!("issuer {} is named twice", twice.name));
            }
        }
        Ok(Self { issuers: known, own_keys, cache: Cache::default() })
    }

    /// The claims of the token, if it is valid at `now`.
    pub async fn verify(&self, token: &str, now: i64) -> Result<Arc<Claims>, Refusal> {
        Ok(self.check(token, now).await?.claims)
    }

    /// The claims and the key that signed the token.
    pub(crate) async fn verify_signer(&self, token: &str, now: i64) -> Result<(Arc<Claims>, Signer), Refusal> {
        let Entry { claims, signer, times: _ } = self.check(token, now).await?;
        Ok((claims, signer))
    }

    async fn check(&self, token: &str, now: i64) -> Result<Entry, Refusal> {
        if token.len() > token::MAX_LENGTH {
            return Err(Refusal::TooLong);
        }
        let digest = cache::digest(token);
        if let Some(entry) = self.cache.find(&digest).filter(Entry::is_current) {
            entry.times.check(now)?;
            return Ok(entry);
        }
        let parts = token::split(token)?;
        let issuer = self.issuer_of(&parts)?;
        let keys = issuer.keys.having(&parts.key_id).await?;
        keys.get(&parts.key_id).ok_or(Refusal::UnknownKey)?.check(&parts)?;
        let (claims, times) = issuer.read(&parts.claims)?;
        times.check(now)?;
        let signer = Signer { issuer: Arc::clone(issuer), keys, key_id: parts.key_id.as_str().into() };
        let entry = Entry { claims: Arc::new(claims), times, signer };
        self.cache.insert(digest, entry.clone());
        Ok(entry)
    }

    /// Replaces the keys of the built-in issuer. Tokens signed by a removed key are rejected from now on.
    pub fn replace_own_keys(&self, keys: Vec<PublicKey>) {
        self.own_keys.replace(KeySet::new(keys));
    }

    /// Reads the keys of every foreign issuer again: at start, so that the first caller need not wait, and by a job, so
    /// that a withdrawn key is removed even when no tokens arrive.
    pub async fn refresh(&self) {
        for issuer in self.issuers.values() {
            issuer.keys.read().await;
        }
    }

    /// Whether the issuer is still trusted with these claims.
    pub fn trusts(&self, claims: &Claims) -> bool {
        claims.builtin || self.issuers.get(&claims.issuer).is_some_and(|issuer| issuer.still_says(claims))
    }

    fn issuer_of(&self, parts: &token::Parts<'_>) -> Result<&Arc<Issuer>, Refusal> {
        let name = claims::required_text(&parts.claims, "iss", "iss")?;
        self.issuers.get(&name).ok_or(Refusal::UnknownIssuer)
    }
}
