//! Claims of a token, parsed strictly: a claim with an unexpected type rejects the token and is never skipped.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use steerco_domain::access::{Role, TABLE};
use steerco_domain::id::Id;
use steerco_domain::partner::Partner;
use steerco_domain::words::Words;

use super::source::Keys;
use super::token::{ACCESS_TOKEN, NO_TYPE, Parts};
use super::{IssuerConfig, Refusal};

/// Tolerated clock difference in seconds.
pub(crate) const LEEWAY: i64 = 30;
/// The end of the year 9999, in seconds since 1970: a later instant is a mistake, mostly milliseconds.
const LAST_INSTANT: i64 = 253_402_300_799;
/// Claims that an issuer may rename.
const MAPPED: [&str; 6] = ["sub", "org", "roles", "scope", "partner_id", "program_ids"];
/// Accepted values of `token_types`.
const TYPES: [&str; 3] = [ACCESS_TOKEN, "JWT", NO_TYPE];

/// Claims of an accepted token. They only restrict the grants of the principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`; identifies the principal together with the subject.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `client_id`.
    pub client_id: Option<String>,
    /// Mark of the secret that the token was obtained with. The token ends with the secret.
    pub credential: Option<String>,
    /// `jti`.
    pub jti: Option<String>,
    /// The organisation; the issuer must be trusted with it.
    pub org: String,
    /// The roles that the token is restricted to; `None` means no restriction.
    pub roles: Option<Vec<String>>,
    /// The scopes that the token is restricted to; `None` means no restriction.
    pub scope: Option<Vec<String>>,
    /// The partner that the token acts for; the issuer must be trusted with it.
    pub partner_id: Option<String>,
    /// The programs that the token is restricted to; `None` means no restriction.
    pub program_ids: Option<Vec<String>>,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// Whether the built-in issuer signed it.
    pub builtin: bool,
    /// Maximum roles of tokens of a foreign issuer, whatever the grants allow; `None` for the built-in issuer.
    pub greatest_roles: Option<Vec<String>>,
    /// Partners that a foreign issuer may name; `None` for the built-in issuer.
    pub allowed_partners: Option<Vec<String>>,
}

/// Validity period of a token, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    issued_at: i64,
    not_before: Option<i64>,
    expires_at: i64,
}

impl Times {
    pub(super) fn check(&self, now: i64) -> Result<(), Refusal> {
        if now.saturating_sub(LEEWAY) >= self.expires_at {
            return Err(Refusal::Expired);
        }
        let from = self.not_before.map_or(self.issued_at, |nbf| nbf.max(self.issued_at));
        if from > now.saturating_add(LEEWAY) { Err(Refusal::NotYetValid) } else { Ok(()) }
    }
}

/// An issuer with its limits and its names of claims.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) keys: Arc<Keys>,
    audience: String,
    claim_map: BTreeMap<String, String>,
    /// `None` for the built-in issuer.
    bounds: Option<Bounds>,
}

/// What a foreign issuer is trusted with, and how its tokens are read.
#[derive(Debug)]
struct Bounds {
    organisations: Vec<String>,
    greatest_roles: Vec<String>,
    partners: Vec<String>,
    role_map: BTreeMap<String, String>,
    ignore_unknown: bool,
    token_types: Vec<String>,
    max_token_seconds: i64,
}

impl Issuer {
    pub(super) fn built_in(name: String, audience: String, keys: Arc<Keys>) -> Result<Self, String> {
        Self { name, keys, audience, claim_map: BTreeMap::new(), bounds: None }.checked()
    }

    pub(super) fn foreign(config: IssuerConfig, keys: Arc<Keys>) -> Result<Self, String> {
        let bounds = Bounds {
            organisations: config.organisations,
            greatest_roles: config.greatest_roles,
            partners: config.partners,
            role_map: config.role_map,
            ignore_unknown: config.ignore_unknown,
            token_types: config.token_types,
            max_token_seconds: config.max_token_seconds.into(),
        };
        let (name, audience, claim_map) = (config.issuer, config.audience, config.claim_map);
        Self { name, keys, audience, claim_map, bounds: Some(bounds) }.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.name.is_empty() || self.audience.is_empty() {
            return Err("an issuer requires a name and an audience".to_owned());
        }
        let fault = |fault: String| Err(format!("issuer {}: {fault}", self.name));
        if let Some(name) = self.claim_map.keys().find(|name| !MAPPED.contains(&name.as_str())) {
            return fault(format!("claim_map must not contain {name}"));
        }
        let Some(bounds) = &self.bounds else { return Ok(self) };
        if let Some(wrong) = bounds.partners.iter().find(|id| Id::<Partner>::parse(id).is_err()) {
            return fault(format!("{wrong} is not the id of a partner"));
        }
        if let Some(wrong) = bounds.token_types.iter().find(|name| !TYPES.contains(&name.as_str())) {
            return fault(format!("token_types names {wrong}; allowed are {}", TYPES.join(", ")));
        }
        Ok(self)
    }

    /// Checks the type of a token that this issuer is said to have signed.
    pub(super) fn check_type(&self, parts: &Parts<'_>) -> Result<(), Refusal> {
        let built_in = [ACCESS_TOKEN.to_owned()];
        parts.check_type(self.bounds.as_ref().map_or(&built_in[..], |bounds| &bounds.token_types))
    }

    /// Parses the claims of a token that this issuer signed.
    pub(super) fn read(&self, json: &Map<String, Value>) -> Result<(Claims, Times), Refusal> {
        self.check_audience(json)?;
        self.check_overage(json)?;
        let times = Times {
            issued_at: instant(json, "iat")?.ok_or(Refusal::MissingClaim("iat"))?,
            not_before: instant(json, "nbf")?,
            expires_at: instant(json, "exp")?.ok_or(Refusal::MissingClaim("exp"))?,
        };
        if self.bounds.as_ref().is_some_and(|bounds| times.expires_at - times.issued_at > bounds.max_token_seconds) {
            return Err(Refusal::LivesTooLong);
        }
        let claims = Claims {
            issuer: self.name.clone(),
            subject: required_text(json, self.theirs("sub"), "sub")?,
            client_id: text(json, "client_id", "client_id")?,
            credential: self.own_text(json, "credential")?,
            jti: text(json, "jti", "jti")?,
            org: self.organisation(json)?,
            roles: self.roles(json)?,
            scope: self.scope(json)?,
            partner_id: partner_id(json, self.theirs("partner_id"))?,
            program_ids: self.unless_absent("program_ids", program_ids(json, self.theirs("program_ids"))?),
            expires_at: times.expires_at,
            builtin: self.bounds.is_none(),
            greatest_roles: self.bounds.as_ref().map(|bounds| bounds.greatest_roles.clone()),
            allowed_partners: self.bounds.as_ref().map(|bounds| bounds.partners.clone()),
        };
        if claims.partner_id.is_none() && self.claim_map.contains_key("partner_id") {
            return Err(Refusal::MissingClaim("partner_id"));
        }
        self.check_bounds(&claims)?;
        Ok((claims, times))
    }

    /// A claim that was left out because it has too many values is unknown, and not empty (`OpenID` Connect Core 5.6.2).
    fn check_overage(&self, json: &Map<String, Value>) -> Result<(), Refusal> {
        let elsewhere = json.get("_claim_names").and_then(Value::as_object);
        let left_out = |name: &str| {
            elsewhere.is_some_and(|names| names.contains_key(name))
                || (name == "groups" && json.contains_key("hasgroups"))
        };
        match MAPPED.into_iter().find(|ours| left_out(self.theirs(ours))) {
            Some(ours) => Err(Refusal::ClaimOverage(ours)),
            None => Ok(()),
        }
    }

    /// The organisation of the token, or the only one of the issuer where the issuer does not speak of organisations.
    fn organisation(&self, json: &Map<String, Value>) -> Result<String, Refusal> {
        let said = text(json, self.theirs("org"), "org")?;
        let only = || match self.bounds.as_ref().map(|bounds| &bounds.organisations[..]) {
            Some([only]) if !self.claim_map.contains_key("org") => Some(only.clone()),
            _ => None,
        };
        said.or_else(only).ok_or(Refusal::MissingClaim("org"))
    }

    fn roles(&self, json: &Map<String, Value>) -> Result<Option<Vec<String>>, Refusal> {
        let said = list(json, self.theirs("roles"), "roles", |role| vec![role])?;
        let ours = said.map(|said| {
            let roles = said.into_iter().map(|role| self.role(role));
            roles.filter(|role| !self.ignores_unknown() || Role::from_word(role).is_some()).collect()
        });
        Ok(self.unless_absent("roles", ours))
    }

    fn role(&self, theirs: String) -> String {
        self.bounds.as_ref().and_then(|bounds| bounds.role_map.get(&theirs)).cloned().unwrap_or(theirs)
    }

    /// Where unknown scopes are ignored, a token with no other ones is one without scopes: `openid profile email` says
    /// nothing about this service.
    fn scope(&self, json: &Map<String, Value>) -> Result<Option<Vec<String>>, Refusal> {
        let said =
            list(json, self.theirs("scope"), "scope", |scope| scope.split(' ').filter(|s| !s.is_empty()).collect())?;
        let said = said.map(|all| all.into_iter().filter(|scope| !self.ignores_unknown() || is_scope(scope)).collect());
        Ok(self.unless_absent("scope", said.filter(|scopes: &Vec<_>| !self.ignores_unknown() || !scopes.is_empty())))
    }

    fn ignores_unknown(&self) -> bool {
        self.bounds.as_ref().is_some_and(|bounds| bounds.ignore_unknown)
    }

    /// A claim that the settings name and the token does not have restricts to nothing.
    fn unless_absent(&self, ours: &str, said: Option<Vec<String>>) -> Option<Vec<String>> {
        said.or_else(|| self.claim_map.contains_key(ours).then(Vec::new))
    }

    /// A claim that only the built-in issuer may use.
    fn own_text(&self, json: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Refusal> {
        if self.bounds.is_some() { Ok(None) } else { text(json, name, name) }
    }

    fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        self.claim_map.get(ours).map_or(ours, String::as_str)
    }

    fn check_audience(&self, json: &Map<String, Value>) -> Result<(), Refusal> {
        let audiences = list(json, "aud", "aud", |audience| vec![audience])?.ok_or(Refusal::MissingClaim("aud"))?;
        if audiences.contains(&self.audience) { Ok(()) } else { Err(Refusal::WrongAudience) }
    }

    /// Whether a token issued today could have these claims.
    pub(super) fn still_says(&self, claims: &Claims) -> bool {
        let greatest_roles = self.bounds.as_ref().map(|bounds| bounds.greatest_roles.clone());
        greatest_roles == claims.greatest_roles && self.check_bounds(claims).is_ok()
    }

    /// A token that exceeds the limits of its issuer is rejected, not reduced, because it is a mistake or an attack.
    fn check_bounds(&self, claims: &Claims) -> Result<(), Refusal> {
        let Some(bounds) = &self.bounds else { return Ok(()) };
        let inside = bounds.organisations.contains(&claims.org)
            && claims.partner_id.as_ref().is_none_or(|partner| bounds.partners.contains(partner))
            && claims.roles.iter().flatten().all(|role| bounds.greatest_roles.contains(role));
        if inside { Ok(()) } else { Err(Refusal::OutsideIssuer) }
    }
}

/// A required text. `theirs` is its name in the token, `ours` the name in the error.
pub(super) fn required_text(json: &Map<String, Value>, theirs: &str, ours: &'static str) -> Result<String, Refusal> {
    text(json, theirs, ours)?.ok_or(Refusal::MissingClaim(ours))
}

/// The claim of this name, or at this JSON pointer. Names that are addresses, such as `https://…/roles`, are names.
fn member<'a>(json: &'a Map<String, Value>, theirs: &str) -> Option<&'a Value> {
    let Some(pointer) = theirs.strip_prefix('/') else { return json.get(theirs) };
    let (first, rest) = pointer.split_at(pointer.find('/').unwrap_or(pointer.len()));
    json.get(first)?.pointer(rest)
}

/// Whether a permission requires this scope.
fn is_scope(scope: &str) -> bool {
    TABLE.iter().any(|permission| permission.scope() == scope)
}

fn text(json: &Map<String, Value>, theirs: &str, ours: &'static str) -> Result<Option<String>, Refusal> {
    match member(json, theirs) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && is_plain(text) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::ClaimType(ours)),
    }
}

/// An array of texts, or one text that `split` turns into several.
fn list(
    json: &Map<String, Value>,
    theirs: &str,
    ours: &'static str,
    split: fn(&str) -> Vec<&str>,
) -> Result<Option<Vec<String>>, Refusal> {
    match member(json, theirs) {
        None => Ok(None),
        Some(Value::String(text)) if is_plain(text) => Ok(Some(split(text).into_iter().map(str::to_owned).collect())),
        Some(Value::Array(items)) => items.iter().map(|item| item_text(item, ours)).collect::<Result<_, _>>().map(Some),
        Some(_) => Err(Refusal::ClaimType(ours)),
    }
}

/// Exactly one id of a partner.
fn partner_id(json: &Map<String, Value>, theirs: &str) -> Result<Option<String>, Refusal> {
    let id = text(json, theirs, "partner_id")?;
    let fits = id.as_ref().is_none_or(|id| Id::<Partner>::parse(id).is_ok());
    if fits { Ok(id) } else { Err(Refusal::ClaimType("partner_id")) }
}

/// An array of texts only: a single text here is a mistake, not a list with one element.
fn program_ids(json: &Map<String, Value>, theirs: &str) -> Result<Option<Vec<String>>, Refusal> {
    match member(json, theirs) {
        Some(Value::String(_)) => Err(Refusal::ClaimType("program_ids")),
        _ => list(json, theirs, "program_ids", |id| vec![id]),
    }
}

fn item_text(item: &Value, ours: &'static str) -> Result<String, Refusal> {
    let text = item.as_str().filter(|text| is_plain(text)).ok_or(Refusal::ClaimType(ours))?;
    Ok(text.to_owned())
}

/// Control characters are not allowed in ids, and some databases reject NUL.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A `NumericDate` (RFC 7519): seconds since 1970; a fraction is truncated.
fn instant(json: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(value) = json.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| value.as_f64().and_then(whole)).ok_or(Refusal::ClaimType(name))?;
    if (0..=LAST_INSTANT).contains(&seconds) { Ok(Some(seconds)) } else { Err(Refusal::ClaimType(name)) }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is truncated on purpose")]
fn whole(seconds: f64) -> Option<i64> {
    (seconds.is_finite() && seconds.abs() < 1e12).then_some(seconds as i64)
}
