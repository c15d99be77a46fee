//! An open database: its connections for reading and writing, and its in-memory state.

use std::path::Path;
use std::sync::Arc;

use steerco_domain::time::Instant;
use tokio::runtime::Handle;

use crate::access::{self, Access, AccessCache, Who};
use crate::actuals_told::Told;
use crate::conn::{Conn, Pool};
use crate::fail::Fail;
use crate::head::Heads;
use crate::lookout::Lookout;
use crate::plan::Writer;
use crate::sql::Sql;

/// A database with its migrations applied.
#[derive(Clone)]
pub struct Database {
    /// Connections for reading.
    pub(crate) pool: Pool,
    /// Connections for reads outside of any organisation; they never set one.
    pub(crate) outside: Pool,
    pub(crate) writer: Writer,
    pub(crate) access_cache: Option<Arc<AccessCache>>,
    pub(crate) heads: Option<Arc<Heads>>,
    /// Waiters for changes of a log.
    pub(crate) lookout: Arc<Lookout>,
    /// Progress of long batches in an embedded database.
    pub(crate) told: Told,
}

impl Database {
    pub const fn is_postgres(&self) -> bool {
        self.pool.is_postgres()
    }

    /// A connection to read rows of this organisation.
    pub async fn read(&self, org: &str) -> Result<Conn, Fail> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Conn::Pool(self.pool.clone())) };
        // Set for the session, not for a transaction, which would add begin and end to every read. The next user of the
        // connection sets its own organisation before anything else.
        let conn = Conn::Session(tokio::sync::Mutex::new(pool.acquire().await?));
        let mut sql = Sql::new("SELECT set_config('steerco.org', ");
        sql.text(org).push(", false)");
        conn.one(sql).await?;
        Ok(conn)
    }

    /// A connection outside of any organisation, for credentials and keys.
    pub fn outside(&self) -> Conn {
        Conn::Pool(self.outside.clone())
    }

    /// Runs a writing statement that needs no decision, in its own transaction.
    pub(crate) async fn run_outside(&self, org: &str, sql: Sql) -> Result<(), Fail> {
        if !self.is_postgres() {
            return self.writer.outside().run(sql).await.map(|_| ());
        }
        let conn = Conn::Transaction(self.writer.pool().begin(true, org, None).await?);
        conn.run(sql).await?;
        conn.commit().await
    }

    /// The account and grants of the caller; `None` if it may not act at all.
    pub async fn find_access(&self, conn: &Conn, org: &str, who: &Who) -> Result<Option<Arc<Access>>, Fail> {
        access::find(self.access_cache.as_deref(), conn, org, who).await
    }

    /// A read-only transaction, so that several statements see the same state.
    pub async fn snapshot(&self, org: &str) -> Result<Conn, Fail> {
        Ok(Conn::Transaction(self.pool.begin(false, org, None).await?))
    }

    /// Whether every migration known to this program is applied. A newer database is accepted, because migrations only
    /// add.
    pub async fn is_migrated(&self) -> bool {
        let Ok(rows) = self.outside().all(Sql::new("SELECT version FROM seaql_migrations")).await else {
            return false;
        };
        let applied: Vec<String> = rows.iter().filter_map(|row| row.get(0).ok()).collect();
        steerco_migrations::names().all(|name| applied.iter().any(|known| known == name))
    }

    /// All organisations, for jobs and the command line.
    pub async fn organisations(&self) -> Result<Vec<String>, Fail> {
        let rows = self.outside().all(Sql::new("SELECT org FROM tenant ORDER BY org")).await?;
        rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()
    }

    /// Begins a new epoch of the feed of every organisation, so that earlier cursors are rejected as expired. Returns the
    /// number of organisations. The epoch is the instant, so that two restores of the same backup have different epochs.
    pub async fn begin_epoch(&self, now: Instant) -> Result<usize, Fail> {
        let organisations = self.organisations().await?;
        for org in &organisations {
            let mut sql = Sql::new("UPDATE log_head SET epoch = CASE WHEN epoch < ");
            sql.int(now.micros()).push(" THEN ").int(now.micros()).push(" ELSE epoch + 1 END WHERE org = ").text(org);
            if self.is_postgres() {
                let conn = Conn::Transaction(self.writer.pool().begin(true, org, None).await?);
                conn.run(sql).await?;
                conn.commit().await?;
            } else {
                self.writer.outside().run(sql).await?;
            }
        }
        Ok(organisations.len())
    }

    /// Copies an embedded database while it is in use.
    pub async fn backup(&self, target: &Path) -> Result<(), String> {
        if self.is_postgres() {
            return Err("back up PostgreSQL with pg_dump or pg_basebackup".to_owned());
        }
        let path = target.to_str().ok_or("the path of the backup must be UTF-8")?;
        let mut sql = Sql::new("VACUUM INTO ");
        sql.text(path);
        let writer = self.writer.outside();
        // Blocking, because the time depends on the size of the file.
        let copied = tokio::task::spawn_blocking(move || Handle::current().block_on(writer.run(sql)));
        let copied = copied.await.map_err(|cause| cause.to_string())?;
        copied.map(|_| ()).map_err(|fail| format!("{fail:?}"))
    }
}
