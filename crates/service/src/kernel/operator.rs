//! Operations of the operator on the command line, and the token endpoint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_domain::access::{Role, TABLE};
use steerco_domain::actor::Actor;
use steerco_domain::grant::Grant;
use steerco_domain::id::Id;
use steerco_domain::organisation::Organisation;
use steerco_domain::person::Person;
use steerco_domain::resource::Seed;
use steerco_domain::service_account::ServiceAccount;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::{Act, Change, ChangeKind, Database, Effect, Fail, Plan, Who, credential, verify};

use crate::Service;
use crate::auth::TokenRequest;
use crate::token::{digest, mark_of};

/// A new organisation with its first person.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    pub organisation: String,
    pub base_currency: String,
    pub time_zone: String,
    pub person: String,
    pub email: Option<String>,
    /// Roles of the first person for the whole organisation.
    pub roles: Vec<Role>,
}

/// Subject and limits of a token that an operator mints.
#[derive(Clone, Debug, Default)]
pub struct Mint {
    pub org: String,
    /// Id of a person or service account.
    pub subject: String,
    /// Restricts the token to these roles.
    pub roles: Option<Vec<String>>,
    pub partner_id: Option<String>,
    pub program_ids: Option<Vec<String>>,
    pub seconds: u32,
}

/// An access token, its lifetime in seconds, and the granted scope.
pub type IssuedToken = (String, u32, Option<String>);

impl Service {
    /// Creates an organisation, its first person and the first grants, logged as bootstrap. Returns both ids.
    pub fn bootstrap<'a>(&'a self, first: &'a Bootstrap) -> BoxFuture<'a, Result<(String, String), Error>> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let seed = || Seed { id: self.inner.clock.new_id(), at: now, effective_at: now, by: Actor::system() };
            let organisation = json!({
                "name": first.organisation, "base_currency": first.base_currency, "time_zone": first.time_zone,
            });
            let organisation = Organisation::create(object(&organisation), &seed())?;
            let mut person = json!({ "name": first.person });
            if let Some(email) = &first.email {
                person["email"] = json!(email);
            }
            let person = Person::create(object(&person), &seed())?;
            let (org, id) = (organisation.id_text(), person.id_text());
            let made = |new: &dyn steerco_domain::AnyResource| {
                Effect::Change(Change::new(ChangeKind::Insert, None, new, "bootstrap", None))
            };
            let mut effects = vec![made(&organisation), made(&person)];
            for role in &first.roles {
                let body =
                    json!({ "person_id": id, "role": role.word(), "reason": "created together with the organisation" });
                let grant = Grant::create(object(&body), &seed())?;
                effects.push(made(&grant));
            }
            let act = Act { org: org.clone(), actor: Actor::system(), now, request_id: "bootstrap".to_owned() };
            let job: steerco_persistence::Job = std::sync::Arc::new(move |_| {
                let (act, effects) = (act.clone(), effects.clone());
                Box::pin(
                    async move { Ok(Plan { effects, new_organisation: true, ..Plan::nothing(act, Box::new(())) }) },
                )
            });
            self.inner.database.transact(&org, None, job).await?;
            Ok((org, id))
        })
    }

    /// Mints a token for an operator. Permissions are still read from the grants of its subject.
    pub fn mint(&self, mint: &Mint) -> String {
        let now = self.inner.clock.now().seconds();
        self.inner.signing.sign(&TokenRequest {
            issuer: self.inner.base_url.clone(),
            audience: self.inner.base_url.clone(),
            subject: mint.subject.clone(),
            jti: self.new_secret(),
            org: mint.org.clone(),
            client_id: Some("operator".to_owned()),
            partner_id: mint.partner_id.clone(),
            program_ids: mint.program_ids.clone(),
            roles: mint.roles.clone(),
            issued_at: now,
            expires_at: now + i64::from(mint.seconds),
            ..TokenRequest::default()
        })
    }

    /// Issues an access token by RFC 6749 client credentials.
    pub fn issue_token<'a>(
        &'a self,
        client_id: &'a str,
        client_secret: &'a str,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<IssuedToken, Error>> {
        Box::pin(async move {
            let refused = || Error::new(Reason::Unauthenticated, "unknown client, wrong secret, or a disabled account");
            let scopes: Option<Vec<String>> = scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect());
            let database = &self.inner.database;
            // Only a valid id is sent to the database: not every text can be stored as a parameter.
            if Id::<ServiceAccount>::parse(client_id).is_err() {
                return Err(refused());
            }
            let found = credential::find(&database.outside(), client_id).await.map_err(Fail::into_error)?;
            // An unknown client costs the same digest as a known one, so that timing reveals nothing.
            let given = digest(&[client_secret]);
            let (org, hash) = found.unwrap_or_default();
            let same = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), hash.as_bytes()).is_ok();
            if !same {
                return Err(refused());
            }
            let conn = database.read(&org).await.map_err(Fail::into_error)?;
            let who = Who::ServiceAccount(client_id.to_owned());
            let access =
                database.find_access(&conn, &org, &who).await.map_err(Fail::into_error)?.ok_or_else(refused)?;
            conn.close().await.map_err(Fail::into_error)?;
            let unknown = scopes.iter().flatten().find(|scope| !TABLE.iter().any(|row| row.scope() == **scope));
            if let Some(unknown) = unknown {
                return Err(Error::new(
                    Reason::Invalid,
                    format!("the scope {unknown} does not exist; GET /v1/permissions lists all scopes"),
                ));
            }
            let now = self.inner.clock.now().seconds();
            let seconds = self.inner.token_seconds;
            let token = self.inner.signing.sign(&TokenRequest {
                issuer: self.inner.base_url.clone(),
                audience: self.inner.base_url.clone(),
                subject: client_id.to_owned(),
                jti: self.new_secret(),
                org,
                client_id: Some(client_id.to_owned()),
                credential: Some(mark_of(&hash)),
                // The account of a partner acts for exactly one partner.
                partner_id: access.grants.iter().find_map(|grant| grant.partner.clone()),
                scope: scopes.clone(),
                issued_at: now,
                expires_at: now + i64::from(seconds),
                ..TokenRequest::default()
            });
            Ok((token, seconds, scopes.map(|scopes| scopes.join(" "))))
        })
    }

    /// 256 random bits as text.
    pub(crate) fn new_secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.inner.clock.random::<32>())
    }
}

/// Verifies every organisation, or one: the hash chain, the versions, and the rows against the log.
pub fn verify_database<'a>(
    database: &'a Database,
    org: Option<&'a str>,
) -> BoxFuture<'a, Result<Vec<(String, verify::Report)>, Error>> {
    Box::pin(async move {
        let mut reports = Vec::new();
        for found in database.organisations().await.map_err(Fail::into_error)? {
            if org.is_some_and(|org| org != found) {
                continue;
            }
            let conn = database.snapshot(&found).await.map_err(Fail::into_error)?;
            let report = verify::verify(&conn, &found).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            reports.push((found, report));
        }
        Ok(reports)
    })
}

fn object(value: &Value) -> &Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&EMPTY)
}

/// Finds an administrator of the organisation, for tools of the operator that act through the ordinary operations.
pub fn find_first_admin<'a>(database: &'a Database, org: &'a str) -> BoxFuture<'a, Result<String, Error>> {
    Box::pin(async move {
        let conn = database.read(org).await.map_err(Fail::into_error)?;
        let found =
            steerco_persistence::access::find_holder(&conn, org, Role::Admin).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        found.ok_or_else(|| Error::not_found("person who administers the organisation"))
    })
}
