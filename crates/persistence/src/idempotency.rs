//! Answers remembered by the caller's key, written in the transaction of the write.

use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::time::Instant;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::flush::insert_many;
use crate::sql::Sql;

/// A remembered answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub subject: String,
    pub key: String,
    /// Digest of the decoded request.
    pub fingerprint: String,
    /// What was answered, as JSON that names resources and revisions and holds no personal data.
    pub answer: String,
}

/// What was answered under this key: fingerprint and answer.
pub async fn find(conn: &Conn, org: &str, subject: &str, key: &str) -> Result<Option<(String, String)>, Fail> {
    let mut sql = Sql::new("SELECT fingerprint, answer FROM idempotency WHERE org = ");
    sql.text(org).push(" AND subject = ").text(subject).push(" AND key = ").text(key);
    let Some(row) = conn.one(sql).await? else { return Ok(None) };
    Ok(Some((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
}

/// Makes a second request with the same key wait for the first; on SQLite there is one writer anyway.
pub(crate) async fn hold(conn: &Conn, key: &str) -> Result<(), Fail> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended(");
    sql.text(key).push(", 0))) held");
    conn.one(sql).await.map(|_| ())
}

pub(crate) async fn remember(conn: &Conn, now: Instant, rows: Vec<(String, Remembered)>) -> Result<(), Fail> {
    let columns = ["org", "subject", "key", "fingerprint", "answer"].map(|name| (name, ColumnType::Text));
    let rows = rows
        .into_iter()
        .map(|(org, r)| {
            let mut cells: Vec<Cell> = [org, r.subject, r.key, r.fingerprint, r.answer].map(Cell::Text).into();
            cells.push(Cell::Int(now.micros()));
            cells
        })
        .collect();
    insert_many(conn, "idempotency", columns.into_iter().chain([("at", ColumnType::Int)]), rows).await
}

/// Forgets the answers older than this.
pub(crate) async fn forget(conn: &Conn, org: &str, before: Instant) -> Result<u64, Fail> {
    let mut sql = Sql::new("DELETE FROM idempotency WHERE org = ");
    sql.text(org).push(" AND at < ").int(before.micros());
    conn.run(sql).await
}
