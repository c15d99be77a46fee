//! Data read before the organisation of a caller is known: secrets of service accounts, keys of the server.

use steerco_domain::time::Instant;

use crate::conn::Conn;
use crate::database::Database;
use crate::fail::Fail;
use crate::row::Row;
use crate::sql::Sql;

/// The organisation of a service account and the hash of its secret.
pub async fn find(conn: &Conn, account: &str) -> Result<Option<(String, String)>, Fail> {
    let mut sql = Sql::new("SELECT org, secret_hash FROM credential WHERE account_id = ");
    sql.text(account);
    let Some(row) = conn.one(sql).await? else { return Ok(None) };
    Ok(Some((row.get(0)?, row.get(1)?)))
}

pub(crate) async fn set(conn: &Conn, org: &str, account: &str, hash: &str) -> Result<(), Fail> {
    let mut sql = Sql::new("INSERT INTO credential (org, account_id, secret_hash) VALUES (");
    sql.text(org).push(", ").text(account).push(", ").text(hash);
    sql.push(") ON CONFLICT (account_id) DO UPDATE SET secret_hash = excluded.secret_hash");
    conn.run(sql).await.map(|_| ())
}

impl Database {
    /// The keys for a purpose, newest first; created by `make` when there are none yet.
    pub async fn server_keys(
        &self,
        purpose: &str,
        now: Instant,
        make: impl FnOnce() -> Result<String, String>,
    ) -> Result<Vec<String>, String> {
        let problem = |fail: Fail| format!("{fail:?}");
        let found = list_keys(&self.outside(), purpose).await.map_err(problem)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let mut sql = Sql::new("INSERT INTO server_key (purpose, created_at, secret) SELECT ");
        sql.text(purpose).push(", ").int(now.micros()).push(", ").text(make()?);
        // If two nodes start at the same time, the later one finds the key of the earlier one.
        sql.push(" WHERE NOT EXISTS (SELECT 1 FROM server_key WHERE purpose = ").text(purpose).push(")");
        self.writer.outside().run(sql).await.map_err(problem)?;
        list_keys(&self.outside(), purpose).await.map_err(problem)
    }
}

async fn list_keys(conn: &Conn, purpose: &str) -> Result<Vec<String>, Fail> {
    let mut sql = Sql::new("SELECT secret FROM server_key WHERE purpose = ");
    sql.text(purpose).push(" ORDER BY created_at DESC");
    let rows: Vec<Row> = conn.all(sql).await?;
    rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()
}
