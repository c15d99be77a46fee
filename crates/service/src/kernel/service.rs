//! The service, authentication and authorisation.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;
use steerco_domain::access::{Permission, TABLE};
use steerco_domain::id::Id;
use steerco_domain::money::Amount;
use steerco_domain::partner::{Partner, PartnerState};
use steerco_domain::resource::Kind;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::scope::authorise;
use steerco_persistence::{Access, Conn, Database, Fail, Scope, query};

use crate::auth::{Refusal, SigningKey, Verifier};
use crate::caller::Caller;
use crate::clock::Clock;
use crate::command::Command;
use crate::hooks::Hooks;
use crate::settings::AttachmentLimits;
use crate::token::{Sealer, mark_of};
use crate::webhook_sender::Webhooks;

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) inner: Arc<Inner>,
}

type Beforehand = for<'a> fn(&'a Service, &'a Command) -> BoxFuture<'a, Result<(), Error>>;

/// Additions of a kind to its writes.
pub(crate) struct Feature {
    pub(crate) kind: &'static str,
    pub(crate) hooks: Hooks,
    /// Runs before the transaction, for slow work that would block the writer.
    pub(crate) beforehand: Option<Beforehand>,
    /// Runs after the commit, with the organisation.
    pub(crate) afterwards: Option<fn(&Service, &str)>,
}

impl Feature {
    const NONE: &'static Self = &Self { kind: "", hooks: Hooks::NONE, beforehand: None, afterwards: None };

    pub(crate) const fn of(kind: &Kind, hooks: Hooks) -> Self {
        Self { kind: kind.name, hooks, beforehand: None, afterwards: None }
    }
}

pub(crate) struct Inner {
    /// Additions of kinds to their writes; few kinds have any.
    pub(crate) features: &'static [&'static Feature],
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    pub(crate) signing: SigningKey,
    pub(crate) verifier: Verifier,
    pub(crate) base_url: String,
    pub(crate) token_seconds: u32,
    pub(crate) operator_tokens_approve: bool,
    pub(crate) default_authority: Amount,
    pub(crate) feed_days: u32,
    pub(crate) attachments: AttachmentLimits,
    pub(crate) webhooks: Webhooks,
    pub(crate) ocid_prefix: String,
    pub(crate) stopping: tokio::sync::watch::Sender<bool>,
}

/// Signals shutdown: readiness turns false, and streams end with their cursor.
#[derive(Clone)]
pub struct StopSignal(Service);

impl StopSignal {
    pub fn stop(&self) {
        self.0.inner.stopping.send_replace(true);
    }
}

impl Service {
    /// The additions of this kind to its writes; looked up once per request.
    pub(crate) fn feature(&self, kind: &Kind) -> &'static Feature {
        self.inner.features.iter().find(|feature| feature.kind == kind.name).copied().unwrap_or(Feature::NONE)
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The caller of a bearer token. Checks signature and claims only; permissions are read with the operation.
    pub fn authenticate<'a>(&'a self, bearer: Option<&'a str>) -> BoxFuture<'a, Result<Caller, Error>> {
        Box::pin(async move {
            let Some(token) = bearer else {
                return Err(Error::new(
                    Reason::Unauthenticated,
                    "an access token is required: Authorization: Bearer …",
                ));
            };
            match self.inner.verifier.verify_signer(token, self.inner.clock.now().seconds()).await {
                Ok((claims, signer)) => {
                    // The built-in issuer gives tokens to service accounts, so a token for a person was minted by an
                    // operator.
                    let approves = !claims.builtin || self.inner.operator_tokens_approve;
                    let default_authority = self.inner.default_authority;
                    Ok(Caller { claims, signer: Some(signer), approves, default_authority, preview: None })
                }
                Err(Refusal::KeysUnavailable) => {
                    Err(Error::unavailable("the keys of the token's issuer cannot be read"))
                }
                Err(refusal) => Err(Error::new(Reason::Unauthenticated, refusal.detail())),
            }
        })
    }

    /// Whether the issuer of these claims is still trusted for them.
    pub(crate) fn trusts(&self, caller: &Caller) -> bool {
        self.inner.verifier.trusts(&caller.claims)
    }

    /// Reads the account of the caller now and checks the permission.
    pub(crate) async fn authorise(
        &self,
        conn: &Conn,
        caller: &Caller,
        row: &Permission,
    ) -> Result<(Arc<Access>, Scope), Fail> {
        let access = self.access(conn, caller).await?;
        let now = self.inner.clock.now();
        let scope = authorise(caller.organisation(), &access, caller.narrow(), row, now)?;
        Ok((access, scope))
    }

    pub(crate) async fn access(&self, conn: &Conn, caller: &Caller) -> Result<Arc<Access>, Fail> {
        let refused = || Fail::Refused(Error::new(Reason::Unauthenticated, "this account may not act"));
        let who = caller.who().ok_or_else(refused)?;
        let found = self.inner.database.find_access(conn, caller.organisation(), &who).await?;
        self.check_token(caller)?;
        let current = || found.as_ref().and_then(|access| access.secret_hash.as_deref()).map(mark_of);
        if caller.claims.credential.is_some() && caller.claims.credential != current() {
            return Err(Error::new(Reason::Unauthenticated, "the secret of this token has been replaced").into());
        }
        if let Some(partner) = &caller.preview {
            check_preview(conn, caller.organisation(), partner).await?;
        }
        found.ok_or_else(refused)
    }

    /// Whether the caller still has the permission, by rights that have not changed in the database since they were read.
    pub(crate) fn still_permits(&self, caller: &Caller, access: &Access, row: &Permission) -> Result<(), Error> {
        self.check_token(caller)?;
        authorise(caller.organisation(), access, caller.narrow(), row, self.inner.clock.now())?;
        Ok(())
    }

    /// Whether the token is still valid for its caller.
    fn check_token(&self, caller: &Caller) -> Result<(), Error> {
        if self.inner.clock.now().seconds() > caller.claims.expires_at + crate::auth::LEEWAY {
            return Err(Error::new(Reason::Unauthenticated, "the token has expired"));
        }
        if caller.signer.as_ref().is_some_and(|signer| !signer.is_trusted()) {
            return Err(Error::new(Reason::Unauthenticated, Refusal::UnknownKey.reason()));
        }
        Ok(())
    }

    /// Whether the account of the caller may act at all; for operations that require no permission.
    pub fn admit<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            self.access(&conn, caller).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)
        })
    }

    /// Whether the caller has the permission anywhere; for operations without a resource, such as `metrics` `read`.
    pub fn permit<'a>(
        &'a self,
        caller: &'a Caller,
        kind: &'a str,
        action: &'a str,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let row = TABLE
                .iter()
                .find(|row| row.kind == kind && row.action == action)
                .ok_or_else(|| Error::internal("the table of permissions lacks a row"))?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            self.authorise(&conn, caller, row).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)
        })
    }

    /// The JWKS of the built-in issuer.
    pub fn jwks(&self) -> Value {
        serde_json::json!({ "keys": [self.inner.signing.public_jwk()] })
    }

    /// The URL that names the built-in issuer.
    pub fn issuer(&self) -> &str {
        &self.inner.base_url
    }

    /// Whether the database is reachable, migrations are applied, and the feed is readable.
    pub fn ready(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            if *self.inner.stopping.borrow() {
                return Err(Error::unavailable("the service is stopping"));
            }
            if !self.inner.database.is_migrated().await {
                return Err(Error::unavailable("the database cannot be reached or lacks migrations"));
            }
            Ok(())
        })
    }

    pub fn stop_signal(&self) -> StopSignal {
        StopSignal(self.clone())
    }

    pub(crate) fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.inner.stopping.subscribe()
    }
}

/// Rejects the preview of a partner that is suspended, ended, deleted or does not exist: such a partner sees nothing.
async fn check_preview(conn: &Conn, org: &str, partner: &str) -> Result<(), Fail> {
    Id::<Partner>::parse(partner).map_err(|detail| Error::fault("Preview-As-Partner", "BAD_ID", detail))?;
    let state = query::find_text(conn, org, Partner::KIND, partner, "state").await?;
    if state.as_deref() == Some(PartnerState::Active.word()) {
        return Ok(());
    }
    Err(Error::new(Reason::Forbidden, "the partner does not exist or is not active").into())
}
