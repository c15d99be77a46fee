//! The service, its callers and their rights.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use steerco_domain::access::{Row, TABLE};
use steerco_domain::id::Id;
use steerco_domain::mask::Mask;
use steerco_domain::partner::{Partner, PartnerState};
use steerco_domain::words::Words;
use steerco_domain::{AnyResource, Error, Reason, Resource};
use steerco_persistence::scope::{Narrow, authorise};
use steerco_persistence::{Access, Conn, Database, Fail, Scope, Who, query};

use crate::auth::{Claims, Refusal, Signer, SigningKey, Verifier};
use crate::clock::Clock;
use crate::content::AttachmentLimits;
use crate::settings::Settings;
use crate::token::{Sealer, digest};
use crate::webhooks::Webhooks;

/// An authenticated caller. Rights are not in it: they are read with every operation.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) claims: Arc<Claims>,
    /// The key behind its token; none of whoever acts without one.
    pub(crate) signer: Option<Signer>,
    /// Whether this token may speak for its person where only a person may.
    pub(crate) approves: bool,
    /// The partner as which it looks.
    pub(crate) preview: Option<Arc<str>>,
}

impl Caller {
    /// The same caller, who looks as this partner sees things: what is left of its sight and its rights only narrows.
    /// Whether there is such a partner is looked at wherever its rights are read.
    #[must_use]
    pub fn preview_as(self, partner: &str) -> Self {
        Self { preview: Some(partner.into()), ..self }
    }

    /// Key for rate limits: organisation and subject.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.claims.org, self.claims.issuer, self.claims.subject)
    }

    /// Organisation of the token.
    pub fn organisation(&self) -> &str {
        &self.claims.org
    }

    pub fn subject(&self) -> &str {
        &self.claims.subject
    }

    fn who(&self) -> Option<Who> {
        let subject = self.claims.subject.clone();
        if !self.claims.builtin {
            return Some(Who::Principal { issuer: self.claims.issuer.clone(), subject });
        }
        match subject.split_once('_') {
            Some(("pers", _)) => Some(Who::Person(subject)),
            Some(("sacc", _)) => Some(Who::ServiceAccount(subject)),
            _ => None,
        }
    }

    pub(crate) fn narrow(&self) -> Narrow<'_> {
        Narrow {
            roles: self.claims.roles.as_deref(),
            greatest_roles: self.claims.greatest_roles.as_deref(),
            scope: self.claims.scope.as_deref(),
            partner: self.claims.partner_id.as_deref(),
            programs: self.claims.program_ids.as_deref(),
            preview: self.preview.as_deref(),
        }
    }
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    pub(crate) signing: SigningKey,
    verifier: Verifier,
    pub(crate) base_url: String,
    pub(crate) token_seconds: u32,
    pub(crate) operator_tokens_approve: bool,
    pub(crate) feed_days: u32,
    pub(crate) attachments: AttachmentLimits,
    pub(crate) webhooks: Webhooks,
    pub(crate) ocid_prefix: String,
    stopping: tokio::sync::watch::Sender<bool>,
}

/// Tells a service to stop: readiness falls, streams end with their cursor.
#[derive(Clone)]
pub struct StopSignal(Service);

impl StopSignal {
    pub fn stop(&self) {
        self.0.inner.stopping.send_replace(true);
    }
}

impl Service {
    /// Opens the database, makes or reads the server's keys, and reads the keys of the trusted issuers.
    pub async fn open(settings: Settings) -> Result<Self, String> {
        settings.check().map_err(|faults| faults.join("; "))?;
        let Settings {
            database,
            migrate,
            base_url,
            issuers,
            token_seconds,
            operator_tokens_approve,
            feed_days,
            ocid_prefix,
            attachments,
            webhooks,
            clock,
        } = settings;
        let database = Database::open(&database, migrate).await?;
        let now = clock.now();
        let encoded = |bytes: Vec<u8>| STANDARD.encode(bytes);
        let signing = database.server_keys("signing", now, || SigningKey::generate_pkcs8().map(encoded)).await?;
        let cursor = database.server_keys("cursor", now, || Ok(encoded(clock.random::<32>().to_vec()))).await?;
        let decode = |keys: &[String]| {
            let newest = keys.first().ok_or("the database gave no key")?;
            STANDARD.decode(newest).map_err(|_| "a server key in the database is not base64")
        };
        let signing = SigningKey::from_pkcs8(&decode(&signing)?)?;
        let sealer = Sealer::new(&decode(&cursor)?)?;
        let verifier = Verifier::new(base_url.clone(), base_url.clone(), vec![signing.public_key()], issuers)?;
        verifier.refresh().await;
        let node = URL_SAFE_NO_PAD.encode(clock.random::<12>());
        let webhooks = Webhooks::new(webhooks, node)?;
        let stopping = tokio::sync::watch::Sender::new(false);
        let inner = Inner {
            database,
            clock,
            sealer,
            signing,
            verifier,
            base_url,
            token_seconds,
            operator_tokens_approve,
            feed_days,
            attachments,
            webhooks,
            ocid_prefix,
            stopping,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The caller behind a bearer token. Signature and claims only; rights are read with the operation.
    pub async fn authenticate(&self, bearer: Option<&str>) -> Result<Caller, Error> {
        let Some(token) = bearer else {
            return Err(Error::new(Reason::Unauthenticated, "send an access token: Authorization: Bearer …"));
        };
        match self.inner.verifier.verify_signer(token, self.inner.clock.now().seconds()).await {
            Ok((claims, signer)) => {
                // Our own issuer gives tokens to service accounts, so one for a person was made by an operator.
                let approves = !claims.builtin || self.inner.operator_tokens_approve;
                Ok(Caller { claims, signer: Some(signer), approves, preview: None })
            }
            Err(Refusal::KeysUnavailable) => Err(Error::unavailable("the keys of the token's issuer cannot be read")),
            Err(refusal) => Err(Error::new(Reason::Unauthenticated, refusal.reason())),
        }
    }

    /// Whether the issuer of these claims is still trusted so far.
    pub(crate) fn trusts(&self, caller: &Caller) -> bool {
        self.inner.verifier.trusts(&caller.claims)
    }

    /// The caller's account and what it may do with this row of the table, read now.
    pub(crate) async fn authorise(
        &self,
        conn: &Conn,
        caller: &Caller,
        row: &Row,
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
        if let Some(partner) = &caller.preview {
            check_preview(conn, caller.organisation(), partner).await?;
        }
        found.ok_or_else(refused)
    }

    /// Whether the caller still may, by rights of which nothing has changed in the database since they were read.
    pub(crate) fn still_permits(&self, caller: &Caller, access: &Access, row: &Row) -> Result<(), Error> {
        self.check_token(caller)?;
        authorise(caller.organisation(), access, caller.narrow(), row, self.inner.clock.now())?;
        Ok(())
    }

    /// Whether the token still speaks for its caller.
    fn check_token(&self, caller: &Caller) -> Result<(), Error> {
        if self.inner.clock.now().seconds() > caller.claims.expires_at + crate::auth::LEEWAY {
            return Err(Error::new(Reason::Unauthenticated, "the token has expired"));
        }
        if caller.signer.as_ref().is_some_and(|signer| !signer.is_trusted()) {
            return Err(Error::new(Reason::Unauthenticated, Refusal::UnknownKey.reason()));
        }
        Ok(())
    }

    /// Whether the caller's account may act at all; for what everyone may read who may.
    pub async fn admit(&self, caller: &Caller) -> Result<(), Error> {
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        self.access(&conn, caller).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)
    }

    /// Whether the caller may do this anywhere; for what is not a resource, such as `metrics` `read`.
    pub async fn permit(&self, caller: &Caller, kind: &str, action: &str) -> Result<(), Error> {
        let row = TABLE.iter().find(|row| row.kind == kind && row.action == action).ok_or_else(Error::internal)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        self.authorise(&conn, caller, row).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)
    }

    /// The JWKS of the built-in issuer.
    pub fn jwks(&self) -> Value {
        serde_json::json!({ "keys": [self.inner.signing.public_jwk()] })
    }

    /// The URL that names the built-in issuer.
    pub fn issuer(&self) -> &str {
        &self.inner.base_url
    }

    /// Database reachable, migrations applied, feed readable.
    pub async fn ready(&self) -> Result<(), Error> {
        if *self.inner.stopping.borrow() {
            return Err(Error::unavailable("the service is stopping"));
        }
        if !self.inner.database.is_migrated().await {
            return Err(Error::unavailable("the database cannot be reached or lacks migrations"));
        }
        Ok(())
    }

    pub fn stop_signal(&self) -> StopSignal {
        StopSignal(self.clone())
    }

    pub(crate) fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.inner.stopping.subscribe()
    }

    /// What has to be done every hour: forget old answers, read the keys of trusted issuers again.
    pub async fn run_jobs(&self) -> Result<(), Error> {
        const KEPT_MICROS: i64 = 48 * 3_600 * 1_000_000;
        self.inner.verifier.refresh().await;
        let before = steerco_domain::time::Instant::from_micros(self.inner.clock.now().micros() - KEPT_MICROS);
        for org in self.inner.database.organisations().await.map_err(Fail::into_error)? {
            self.inner.database.forget_answers(&org, before).await.map_err(Fail::into_error)?;
            self.inner.database.forget_webhooks(&org, self.oldest()).await.map_err(Fail::into_error)?;
        }
        Ok(())
    }
}

/// The validator of what a caller sees: the revision for those who see all, a digest for those who do not, so that an
/// edit of private fields changes nothing for them.
pub(crate) fn etag(scope: &Scope, resource: &dyn AnyResource) -> String {
    if scope.sees_private() {
        return resource.common().revision.to_string();
    }
    let kind = resource.kind();
    let mask = scope.mask(kind).and(Mask::of(kind.fields, |f| f.name != "updated_at"));
    digest(&[&resource.json(mask)])[..22].to_owned()
}

/// Nobody looks as a partner that sees nothing itself: one that is suspended, ended, deleted or not there.
async fn check_preview(conn: &Conn, org: &str, partner: &str) -> Result<(), Fail> {
    Id::<Partner>::parse(partner).map_err(|detail| Error::fault("Preview-As-Partner", "BAD_ID", detail))?;
    let state = query::find_text(conn, org, Partner::KIND, partner, "state").await?;
    if state.as_deref() == Some(PartnerState::Active.word()) {
        return Ok(());
    }
    Err(Error::new(Reason::Forbidden, "there is no such partner that sees anything").into())
}
