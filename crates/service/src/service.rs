//! The service and its callers.
use std::sync::Arc;
use steerco_domain::Error;

pub struct Settings {}

/// An authenticated caller. Rights are not in it: they are read with every operation.
#[derive(Clone)]
pub struct Caller { pub(crate) claims: Arc<crate::auth::Claims> }

impl Caller {
    /// Key for rate limits: organisation and subject.
    pub fn key(&self) -> String { todo!() }
    /// Organisation of the token.
    pub fn organisation(&self) -> &str { todo!() }
    pub fn subject(&self) -> &str { todo!() }
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {}

impl Service {
    /// The caller behind a bearer token. Signature and claims only; authenticate before decoding anything.
    pub async fn authenticate(&self, bearer: Option<&str>) -> Result<Caller, Error> { todo!() }
    /// RFC 6749 client credentials: (access token, seconds it lives, scope granted).
    pub async fn issue_token(&self, client_id: &str, client_secret: &str, scope: Option<&str>) -> Result<(String, u32, String), Error> { todo!() }
    /// The JWKS of the built-in issuer.
    pub fn jwks(&self) -> serde_json::Value { todo!() }
    /// The issuer identifier (a URL) of the built-in issuer.
    pub fn issuer(&self) -> &str { todo!() }
    /// Whether the caller may do this (kind, action) anywhere; for what is not a resource, such as `metrics` `read`.
    pub async fn permit(&self, caller: &Caller, kind: &str, action: &str) -> Result<(), Error> { todo!() }
    /// Database reachable, migrations applied, feed readable.
    pub async fn ready(&self) -> Result<(), Error> { todo!() }
}
