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
    /// Maps our claim names to theirs, for `sub`, `org`, `roles`, `scope`, `partner_id` and `program_ids`: a name, or the
    /// JSON pointer of a nested member such as `/realm_access/roles`. A token without a claim named here grants nothing.
    #[serde(default)]
    pub claim_map: BTreeMap<String, String>,
    /// Maps their names of roles, such as the ids of groups, to ours.
    #[serde(default)]
    pub role_map: BTreeMap<String, String>,
    /// Whether roles and scopes that are not of this service are ignored. Otherwise a token with an unknown role is
    /// rejected, and an unknown scope permits nothing. A token whose roles are all ignored grants nothing; one whose scopes
    /// are all ignored is read as one without scopes.
    #[serde(default)]
    pub ignore_unknown: bool,
    /// Accepted values of the header `typ`: `at+jwt`, `JWT`, and `none` for tokens without one.
    #[serde(default = "access_tokens_only")]
    pub token_types: Vec<String>,
    /// The greatest number of seconds between `iat` and `exp`.
    #[serde(default = "a_day")]
    pub max_token_seconds: u32,
}

impl IssuerConfig {
    /// An issuer that is trusted with nothing yet.
    pub fn new(issuer: &str, audience: &str, jwks: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            jwks: jwks.to_owned(),
            organisations: Vec::new(),
            greatest_roles: Vec::new(),
            partners: Vec::new(),
            claim_map: BTreeMap::new(),
            role_map: BTreeMap::new(),
            ignore_unknown: false,
            token_types: access_tokens_only(),
            max_token_seconds: a_day(),
        }
    }
}

fn access_tokens_only() -> Vec<String> {
    vec![token::ACCESS_TOKEN.to_owned()]
}

fn a_day() -> u32 {
    86_400
}

/// Why a token was rejected. The caller learns the word and, where there is one, the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    TooLong,
    AlgorithmNotAllowed,
    WrongType,
    ForbiddenHeader,
    BadKeyId,
    UnknownIssuer,
    UnknownKey,
    KeysUnavailable,
    BadSignature,
    WrongAudience,
    Expired,
    LivesTooLong,
    NotYetValid,
    MissingClaim(&'static str),
    ClaimType(&'static str),
    ClaimOverage(&'static str),
    OutsideIssuer,
}

impl Refusal {
    /// One of each kind.
    pub const ALL: &[Self] = &[
        Self::Malformed,
        Self::TooLong,
        Self::AlgorithmNotAllowed,
        Self::WrongType,
        Self::ForbiddenHeader,
        Self::BadKeyId,
        Self::UnknownIssuer,
        Self::UnknownKey,
        Self::KeysUnavailable,
        Self::BadSignature,
        Self::WrongAudience,
        Self::Expired,
        Self::LivesTooLong,
        Self::NotYetValid,
        Self::MissingClaim(""),
        Self::ClaimType(""),
        Self::ClaimOverage(""),
        Self::OutsideIssuer,
    ];

    /// A stable word for answers, logs and metrics, and what it means.
    pub fn explained(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => (
                "malformed",
                "It is not three parts of canonical base64url, or its header or claims are not JSON objects with unique names.",
            ),
            Self::TooLong => ("too_long", "It is longer than 8,192 bytes. Fewer groups or claims in the token help."),
            Self::AlgorithmNotAllowed => (
                "algorithm_not_allowed",
                "It is not signed with EdDSA, ES256, RS256 or PS256, or not with the algorithm of its key.",
            ),
            Self::WrongType => (
                "wrong_type",
                "Its header `typ` is not one that `token_types` of the issuer lists, or it is an identity, refresh or logout token. Send the access token.",
            ),
            Self::ForbiddenHeader => (
                "forbidden_header",
                "Its header chooses keys, changes the encoding or requires extensions: `jku`, `x5u`, `jwk`, `x5c`, `crit`, `b64`, `zip`, `enc`.",
            ),
            Self::BadKeyId => ("bad_key_id", "Its header `kid` is missing, empty, too long or not a text."),
            Self::UnknownIssuer => (
                "unknown_issuer",
                "Its `iss` is neither the built-in issuer, which is named by `base_url`, nor in `auth.issuers`. The comparison is exact, also of a slash at the end.",
            ),
            Self::UnknownKey => {
                ("unknown_key", "The issuer has no key with this `kid`. A new key is found within 30 seconds.")
            }
            Self::KeysUnavailable => ("keys_unavailable", "The keys of the issuer have never been read successfully."),
            Self::BadSignature => ("bad_signature", "The signature does not fit the key and the text."),
            Self::WrongAudience => ("wrong_audience", "Its `aud` does not contain the `audience` of the issuer."),
            Self::Expired => ("expired", "It is past `exp`, with 30 seconds of tolerance. Get a new one."),
            Self::LivesTooLong => {
                ("lives_too_long", "`exp` is later than `iat` by more than `max_token_seconds` of the issuer.")
            }
            Self::NotYetValid => {
                ("not_yet_valid", "It is before `nbf`, or `iat` is in the future, with 30 seconds of tolerance.")
            }
            Self::MissingClaim(_) => (
                "missing_claim",
                "A required claim is missing. Required are `iss`, `aud`, `sub`, `iat`, `exp`, `org` unless the issuer has exactly one organisation, and `partner_id` where `claim_map` names it.",
            ),
            Self::ClaimType(_) => ("claim_type", "A claim has the wrong JSON type or an impossible value."),
            Self::ClaimOverage(_) => (
                "claim_overage",
                "The issuer left out a claim because it has too many values (`_claim_names`), so that the rights are not known. Restrict the groups that the issuer puts into tokens of this service.",
            ),
            Self::OutsideIssuer => (
                "outside_issuer",
                "The issuer is not trusted with this organisation, role or partner: `organisations`, `greatest_roles`, `partners`.",
            ),
        }
    }

    /// The stable word.
    pub fn reason(self) -> &'static str {
        self.explained().0
    }

    /// The word, with the claim where there is one: `missing_claim: org`.
    pub(crate) fn detail(self) -> String {
        self.claim().map_or_else(|| self.reason().to_owned(), |claim| format!("{}: {claim}", self.reason()))
    }

    /// The claim that is missing or wrong, by our name for it.
    pub fn claim(self) -> Option<&'static str> {
        match self {
            Self::MissingClaim(name) | Self::ClaimType(name) | Self::ClaimOverage(name) => Some(name),
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
        issuer.check_type(&parts)?;
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
