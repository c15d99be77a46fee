//! Account and grants of a caller, read with every operation, so that a revocation takes effect at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use steerco_domain::access::Role;
use steerco_domain::actor::Actor;
use steerco_domain::time::Instant;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// How a token identifies the caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Person(String),
    ServiceAccount(String),
    /// An account at a trusted issuer.
    Principal {
        issuer: String,
        subject: String,
    },
}

/// A live account and its grants that are not revoked.
#[derive(Clone, Debug)]
pub struct Access {
    pub actor: Actor,
    pub person: bool,
    /// Sources that a service account may write under.
    pub source_ids: Vec<String>,
    /// The hash of its secret, of a service account that has one.
    pub secret_hash: Option<String>,
    pub grants: Vec<AccessGrant>,
    /// Whether any source owns fields in this organisation.
    pub owned_fields: bool,
}

/// A grant.
#[derive(Clone, Debug)]
pub struct AccessGrant {
    pub role: Role,
    pub portfolio: Option<String>,
    pub program: Option<String>,
    pub partner: Option<String>,
    pub from: Option<Instant>,
    pub until: Option<Instant>,
}

/// Cache of the rights of callers in an embedded database, cleared whenever a commit changes rights. Empty for
/// PostgreSQL, where another node may have changed them.
#[derive(Default)]
pub(crate) struct AccessCache {
    inner: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    generation: u64,
    entries: HashMap<(String, Who), Arc<Access>>,
}

/// Maximum number of cached callers.
const CACHED_MAX: usize = 10_000;

impl AccessCache {
    fn get(&self, org: &str, who: &Who) -> (u64, Option<Arc<Access>>) {
        let cached = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (cached.generation, cached.entries.get(&(org.to_owned(), who.clone())).cloned())
    }

    /// Stores rights that were read, unless rights have changed since the read began.
    fn put(&self, generation: u64, org: &str, who: &Who, access: &Arc<Access>) {
        let mut cached = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.generation == generation && cached.entries.len() < CACHED_MAX {
            cached.entries.insert((org.to_owned(), who.clone()), Arc::clone(access));
        }
    }

    pub(crate) fn clear(&self) {
        let mut cached = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        cached.generation += 1;
        cached.entries.clear();
    }
}

/// Kinds that define rights.
pub(crate) const RIGHTS: &[&str] =
    &["organisation", "person", "principal", "service_account", "grant", "source", "partner"];

/// The account and grants of the caller, from the cache if there is one; `None` if it may not act at all.
pub(crate) async fn find(
    cache: Option<&AccessCache>,
    conn: &Conn,
    org: &str,
    who: &Who,
) -> Result<Option<Arc<Access>>, Fail> {
    let Some(cache) = cache else { return Ok(read(conn, org, who).await?.map(Arc::new)) };
    let (generation, found) = cache.get(org, who);
    if found.is_some() {
        return Ok(found);
    }
    let access = read(conn, org, who).await?.map(Arc::new);
    if let Some(access) = &access {
        cache.put(generation, org, who, access);
    }
    Ok(access)
}

const ACCOUNT: &str = "service_account a LEFT JOIN credential c ON c.org = a.org AND c.account_id = a.id";

/// The query of an account: its table, its column in grants, and its identification.
fn account(org: &str, who: &Who) -> Sql {
    let mut sql =
        Sql::new("SELECT a.id, g.role, g.portfolio_id, g.program_id, g.partner_id, g.valid_from, g.valid_until, ");
    let (sources, from) = match who {
        Who::ServiceAccount(_) => ("a.source_ids, c.secret_hash", ACCOUNT),
        Who::Person(_) => ("NULL, NULL", "person a"),
        Who::Principal { .. } => ("NULL, NULL", "principal p JOIN person a ON a.org = p.org AND a.id = p.person_id"),
    };
    let holder = if matches!(who, Who::ServiceAccount(_)) { "service_account_id" } else { "person_id" };
    sql.push(sources)
        .push(", (SELECT CAST(count(*) AS bigint) FROM source s WHERE s.org = a.org AND s.deleted_at IS NULL ");
    sql.push("AND s.owned_fields <> '[]')")
        .push(" FROM ")
        .push(from)
        .push(" LEFT JOIN \"grant\" g ON g.org = a.org AND g.")
        .push(holder);
    sql.push(" = a.id AND g.revoked_at IS NULL AND g.deleted_at IS NULL");
    // Accounts cannot act for a partner that is suspended, ended or deleted.
    sql.push(" AND (g.partner_id IS NULL OR EXISTS (SELECT 1 FROM partner b WHERE b.org = g.org");
    sql.push(" AND b.id = g.partner_id AND b.state = 'active' AND b.deleted_at IS NULL))");
    sql.push(" WHERE a.org = ").text(org);
    sql.push(" AND a.deleted_at IS NULL AND a.state = 'active' AND ");
    match who {
        Who::Person(id) | Who::ServiceAccount(id) => sql.push("a.id = ").text(id),
        Who::Principal { issuer, subject } => sql
            .push("p.deleted_at IS NULL AND p.state = 'active' AND p.unconfirmed_since IS NULL AND p.issuer = ")
            .text(issuer)
            .push(" AND p.subject = ")
            .text(subject),
    };
    sql
}

async fn read(conn: &Conn, org: &str, who: &Who) -> Result<Option<Access>, Fail> {
    let rows = conn.all(account(org, who)).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let sources: Option<String> = first.get(7)?;
    let mut access = Access {
        actor: Actor(first.get(0)?),
        person: !matches!(who, Who::ServiceAccount(_)),
        source_ids: sources.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        grants: Vec::new(),
        secret_hash: first.get(8)?,
        owned_fields: first.get::<i64>(9)? > 0,
    };
    for row in &rows {
        let role: Option<String> = row.get(1)?;
        let Some(role) = role.and_then(|word| Role::from_word(&word)) else { continue };
        access.grants.push(AccessGrant {
            role,
            portfolio: row.get(2)?,
            program: row.get(3)?,
            partner: row.get(4)?,
            from: row.get::<Option<i64>>(5)?.map(Instant::from_micros),
            until: row.get::<Option<i64>>(6)?.map(Instant::from_micros),
        });
    }
    Ok(Some(access))
}

/// The person who has held this role for the longest time over the whole organisation.
pub async fn find_holder(conn: &Conn, org: &str, role: Role) -> Result<Option<String>, Fail> {
    let mut sql = Sql::new("SELECT person_id FROM \"grant\" WHERE org = ");
    sql.text(org).push(" AND role = ").text(role.word());
    sql.push(" AND person_id IS NOT NULL AND revoked_at IS NULL AND deleted_at IS NULL ORDER BY id LIMIT 1");
    conn.one(sql).await?.map(|row| row.get(0)).transpose()
}

/// Whether this person or account had another grant before an instant of the log.
pub async fn had_grant(conn: &Conn, org: &str, holder: &str, besides: &str, before: i64) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM \"grant\" WHERE org = ");
    sql.text(org).push(" AND (person_id = ").text(holder).push(" OR service_account_id = ").text(holder);
    sql.push(") AND id <> ").text(besides).push(" AND created_at < ").int(before).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}
