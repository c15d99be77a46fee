//! Responses stored under idempotency keys, in the transaction of the write.

use std::collections::HashMap;

use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::time::Instant;

use crate::conn::{Conn, Shared};
use crate::fail::Fail;
use crate::key::Kept;
pub use crate::key::Key;
use crate::sql::Sql;

/// A stored response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub subject: String,
    pub key: String,
    /// Digest of the decoded request.
    pub fingerprint: String,
    /// The response, as JSON of resource ids and revisions without personal data.
    pub answer: String,
}

/// The response stored under this key.
pub fn find(conn: &Conn, key: &Key) -> Result<Option<Kept>, Fail> {
    let Conn::Shared(Shared { kept, .. }) = conn else {
        return Err(Fail::broken("the connection is read-only".to_owned()));
    };
    Ok(kept.get().and_then(|kept| kept.get(key)).cloned())
}

/// Reads at once the stored responses of all requests that share a transaction.
pub(crate) async fn read_kept(conn: &Conn, keys: &[&Key]) -> Result<(), Fail> {
    let (Conn::Shared(shared), Some(last)) = (conn, keys.last()) else { return Ok(()) };
    let mut sql = Sql::new("SELECT org, subject, key, fingerprint, answer FROM idempotency WHERE (org, subject, key) ");
    if let [Key { org, subject, key }] = keys {
        sql.push("= (").texts(&[org, subject, key]);
    } else {
        sql.push("IN (VALUES ");
        // Only a few list sizes, so that the statements stay prepared.
        for i in 0..keys.len().next_power_of_two() {
            let Key { org, subject, key } = keys.get(i).unwrap_or(last);
            sql.push(if i == 0 { "(" } else { ", (" }).texts(&[org, subject, key]).push(")");
        }
    }
    sql.push(")");
    let mut kept = HashMap::new();
    for row in conn.all(sql).await? {
        let key = Key { org: row.get(0)?, subject: row.get(1)?, key: row.get(2)? };
        kept.insert(key, (row.get(3)?, row.get(4)?));
    }
    // Set once, at the beginning of the transaction.
    let _ = shared.kept.set(kept);
    Ok(())
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
    conn.insert_many("idempotency", columns.into_iter().chain([("at", ColumnType::Int)]), rows).await
}

/// Deletes stored responses older than this.
pub(crate) async fn forget(conn: &Conn, org: &str, before: Instant) -> Result<u64, Fail> {
    let mut sql = Sql::new("DELETE FROM idempotency WHERE org = ");
    sql.text(org).push(" AND at < ").int(before.micros());
    conn.run(sql).await
}
