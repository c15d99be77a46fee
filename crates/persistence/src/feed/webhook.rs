//! State of webhook sending. It is not a change of a resource and makes no event, and it stores no copy of the sent
//! content.

use steerco_domain::time::Instant;
use steerco_domain::webhook_endpoint::WebhookDeliveryState as State;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::row::Row;
use crate::sql::Sql;

/// State of an endpoint.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The rights by which it reads, as JSON.
    pub rights: String,
    /// The current and the previous secret, encrypted.
    pub secret: Option<String>,
    pub secret_before: Option<String>,
    /// The last log entry that was read for it.
    pub seq: i64,
    /// Time since which it has accepted nothing.
    pub failing_since: Option<Instant>,
}

/// A delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub seq: i64,
    pub event_id: String,
    pub event_type: String,
    pub subject: String,
    pub state: State,
    pub attempts: i64,
    pub next_at: Instant,
    /// JSON array of the last attempts.
    pub history: String,
    pub created_at: Instant,
}

/// A change of webhook sending by a request.
#[derive(Clone, Debug)]
pub enum Setting {
    /// Reads by these rights from now on.
    Rights { endpoint: String, rights: String },
    /// Signs with this secret; with the first secret, sending begins after the change that created it.
    Secret { endpoint: String, sealed: String },
    /// Sends this event again.
    Again { endpoint: String, event_id: String, now: Instant },
    /// Sends all failed deliveries again.
    Failed { endpoint: String, now: Instant },
    /// Sends everything after this log entry again.
    Since { endpoint: String, seq: i64 },
}

pub(crate) async fn apply(conn: &Conn, org: &str, head: Option<i64>, setting: &Setting) -> Result<(), Fail> {
    let at = |mut sql: Sql, endpoint: &str| {
        sql.push(" WHERE org = ").text(org).push(" AND endpoint_id = ").text(endpoint);
        sql
    };
    let again = |now: &Instant| {
        let mut sql = Sql::new("UPDATE webhook_delivery SET attempts = 0, state = ");
        sql.text(State::Pending.word()).push(", next_at = ").int(now.micros());
        sql
    };
    let sql = match setting {
        Setting::Rights { endpoint, rights } => {
            let mut sql = Sql::new("INSERT INTO webhook (org, endpoint_id, rights, seq, lease_until) VALUES (");
            sql.text(org).push(", ").text(endpoint).push(", ").text(rights);
            sql.push(", 0, 0) ON CONFLICT (org, endpoint_id) DO UPDATE SET rights = excluded.rights");
            sql
        }
        Setting::Secret { endpoint, sealed } => {
            let mut sql = Sql::new("UPDATE webhook SET secret_before = secret, seq = CASE WHEN secret IS NULL THEN ");
            sql.int(head.unwrap_or_default()).push(" ELSE seq END, secret = ").text(sealed);
            at(sql, endpoint)
        }
        Setting::Again { endpoint, event_id, now } => {
            let mut sql = at(again(now), endpoint);
            sql.push(" AND event_id = ").text(event_id);
            sql
        }
        Setting::Failed { endpoint, now } => {
            let mut sql = at(again(now), endpoint);
            sql.push(" AND state = ").text(State::Failed.word());
            sql
        }
        Setting::Since { endpoint, seq } => {
            let mut sql = Sql::new("UPDATE webhook SET seq = CASE WHEN seq > ");
            sql.int(*seq).push(" THEN ").int(*seq).push(" ELSE seq END");
            at(sql, endpoint)
        }
    };
    conn.run(sql).await.map(|_| ())
}

/// Active endpoints without a lease.
pub async fn list_free(conn: &Conn, org: &str, now: Instant) -> Result<Vec<String>, Fail> {
    let mut sql = Sql::new("SELECT w.endpoint_id FROM webhook w JOIN webhook_endpoint e ON e.org = w.org");
    sql.push(" AND e.id = w.endpoint_id WHERE w.org = ").text(org).push(" AND w.secret IS NOT NULL");
    sql.push(" AND e.state = 'active' AND e.deleted_at IS NULL AND w.lease_until < ").int(now.micros());
    conn.all(sql).await?.iter().map(|row| row.get(0)).collect()
}

pub async fn find(conn: &Conn, org: &str, endpoint: &str) -> Result<Option<Webhook>, Fail> {
    let mut sql = Sql::new("SELECT rights, secret, secret_before, seq, failing_since FROM webhook WHERE org = ");
    sql.text(org).push(" AND endpoint_id = ").text(endpoint);
    let Some(row) = conn.one(sql).await? else { return Ok(None) };
    Ok(Some(Webhook {
        rights: row.get(0)?,
        secret: row.get(1)?,
        secret_before: row.get(2)?,
        seq: row.get(3)?,
        failing_since: row.get::<Option<i64>>(4)?.map(Instant::from_micros),
    }))
}

const COLUMNS: &str = "SELECT d.seq, d.event_id, d.event_type, d.subject, d.state, d.attempts, d.next_at, d.history, \
    d.created_at FROM webhook_delivery d WHERE d.org = ";

fn delivery(row: &Row) -> Result<Delivery, Fail> {
    let state: String = row.get(4)?;
    let state =
        State::from_word(&state).ok_or_else(|| Fail::broken(format!("a delivery has the unknown state {state}")))?;
    Ok(Delivery {
        seq: row.get(0)?,
        event_id: row.get(1)?,
        event_type: row.get(2)?,
        subject: row.get(3)?,
        state,
        attempts: row.get(5)?,
        next_at: Instant::from_micros(row.get(6)?),
        history: row.get(7)?,
        created_at: Instant::from_micros(row.get(8)?),
    })
}

/// Due deliveries: of each resource only the first pending one, so that they arrive in order.
pub async fn list_due(
    conn: &Conn,
    org: &str,
    endpoint: &str,
    now: Instant,
    limit: usize,
) -> Result<Vec<Delivery>, Fail> {
    let mut sql = Sql::new(COLUMNS);
    sql.text(org).push(" AND d.endpoint_id = ").text(endpoint).push(" AND d.state = 'pending' AND d.next_at <= ");
    sql.int(now.micros()).push(" AND NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.org = d.org");
    sql.push(" AND b.endpoint_id = d.endpoint_id AND b.subject = d.subject AND b.state = 'pending' AND b.seq < d.seq)");
    sql.push(" ORDER BY d.seq LIMIT ").int(i64::try_from(limit).unwrap_or(i64::MAX));
    conn.all(sql).await?.iter().map(delivery).collect()
}

/// Number of pending deliveries.
pub async fn count_pending(conn: &Conn, org: &str, endpoint: &str) -> Result<i64, Fail> {
    let mut sql = Sql::new("SELECT CAST(count(*) AS bigint) FROM webhook_delivery WHERE org = ");
    sql.text(org).push(" AND endpoint_id = ").text(endpoint).push(" AND state = 'pending'");
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
    row.get(0)
}

/// Deliveries before this log entry, newest first.
pub async fn list(
    conn: &Conn,
    org: &str,
    endpoint: &str,
    state: Option<State>,
    before: i64,
    limit: u32,
) -> Result<Vec<Delivery>, Fail> {
    let mut sql = Sql::new(COLUMNS);
    sql.text(org).push(" AND d.endpoint_id = ").text(endpoint).push(" AND d.seq < ").int(before);
    if let Some(state) = state {
        sql.push(" AND d.state = ").text(state.word());
    }
    sql.push(" ORDER BY d.seq DESC LIMIT ").int(i64::from(limit));
    conn.all(sql).await?.iter().map(delivery).collect()
}

/// The log entry of a delivery.
pub async fn find_event(conn: &Conn, org: &str, endpoint: &str, event_id: &str) -> Result<Option<i64>, Fail> {
    let mut sql = Sql::new("SELECT seq FROM webhook_delivery WHERE org = ");
    sql.text(org).push(" AND endpoint_id = ").text(endpoint).push(" AND event_id = ").text(event_id);
    conn.one(sql).await?.map(|row| row.get(0)).transpose()
}

/// An event for an endpoint.
#[derive(Clone, Debug)]
pub struct Found {
    pub seq: i64,
    pub event_id: String,
    pub event_type: String,
    pub subject: String,
}

/// The result of an attempt for its delivery.
#[derive(Clone, Debug)]
pub struct Attempted {
    pub seq: i64,
    pub state: State,
    pub attempts: i64,
    pub next_at: Instant,
    pub history: String,
}
