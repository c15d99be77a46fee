//! Opening a database, and the connections to read and write on.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, SqlxSqliteConnector, TransactionTrait};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use steerco_domain::time::Instant;
use steerco_migrations::{Migrator, MigratorTrait};

use crate::access::AccessCache;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::idempotency::Key;
use crate::log::Heads;
use crate::sql::Sql;
use crate::writer::Writer;

/// A database with its migrations applied.
#[derive(Clone)]
pub struct Database {
    /// Reads.
    pool: DatabaseConnection,
    /// Reads outside of any organisation, on connections that never name one.
    outside: DatabaseConnection,
    pub(crate) writer: Writer,
    pub(crate) access_cache: Option<Arc<AccessCache>>,
    pub(crate) heads: Option<Arc<Heads>>,
    postgres: bool,
}

/// How long a caller waits for a connection before it is told that the database is away.
const ACQUIRE: Duration = Duration::from_millis(1500);

impl Database {
    /// Opens the database of this URL (`sqlite://file`, `postgres://…`) and, if asked, applies its migrations.
    pub async fn open(url: &str, migrate: bool) -> Result<Self, String> {
        let opened = if url.starts_with("sqlite:") {
            open_sqlite(url, migrate).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url, migrate).await
        } else {
            return Err("a database URL starts with sqlite:// or postgres://".to_owned());
        };
        let database = opened?;
        if !database.is_migrated().await {
            return Err("the database lacks migrations; run `steerco migrate`".to_owned());
        }
        Ok(database)
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres
    }

    /// A connection to read the rows of this organisation on.
    pub async fn read(&self, org: &str) -> Result<Conn, Fail> {
        if !self.postgres {
            return Ok(Conn::Pool(self.pool.clone()));
        }
        // For the session and not for a transaction, of which a read would only pay begin and end: whoever has the
        // connection next names its own organisation before anything else.
        let session = self.pool.get_postgres_connection_pool().acquire().await?;
        let conn = Conn::Session(tokio::sync::Mutex::new(session));
        let mut sql = Sql::new("SELECT set_config('steerco.org', ");
        sql.text(org).push(", false)");
        conn.one(sql).await?;
        Ok(conn)
    }

    /// A connection outside of any organisation, for credentials and keys.
    pub fn outside(&self) -> Conn {
        Conn::Pool(self.outside.clone())
    }

    /// A read-only transaction, so that many statements see one moment.
    pub async fn snapshot(&self, org: &str) -> Result<Conn, Fail> {
        let isolation = self.postgres.then_some(sea_orm::IsolationLevel::RepeatableRead);
        let conn = Conn::Transaction(self.pool.begin_with_config(isolation, None).await?);
        if self.postgres {
            set_org(&conn, org, None).await?;
        }
        Ok(conn)
    }

    /// Whether every migration this program knows is applied. A newer database is fine: migrations only add.
    pub async fn is_migrated(&self) -> bool {
        let known: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
        let Ok(rows) = self.outside().all(Sql::new("SELECT version FROM seaql_migrations")).await else {
            return false;
        };
        let applied: Vec<String> = rows.iter().filter_map(|row| row.try_get_by_index(0).ok()).collect();
        known.iter().all(|name| applied.contains(name))
    }

    /// Every organisation, for jobs and the command line.
    pub async fn organisations(&self) -> Result<Vec<String>, Fail> {
        let rows = self.outside().all(Sql::new("SELECT org FROM tenant ORDER BY org")).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// Begins a new epoch of every organisation's feed, so that cursors of before are answered as expired; answers how
    /// many. The instant is its number: no two restores of one backup share it.
    pub async fn begin_epoch(&self, now: Instant) -> Result<usize, Fail> {
        let organisations = self.organisations().await?;
        for org in &organisations {
            let mut sql = Sql::new("UPDATE log_head SET epoch = CASE WHEN epoch < ");
            sql.int(now.micros()).push(" THEN ").int(now.micros()).push(" ELSE epoch + 1 END WHERE org = ").text(org);
            if self.postgres {
                let conn = Conn::Transaction(self.pool.begin().await?);
                set_org(&conn, org, None).await?;
                conn.run(sql).await?;
                conn.commit().await?;
            } else {
                self.writer.outside().run(sql).await?;
            }
        }
        Ok(organisations.len())
    }

    /// A copy of an embedded database, taken while it serves.
    pub async fn backup(&self, target: &Path) -> Result<(), String> {
        if self.postgres {
            return Err("back up PostgreSQL with pg_dump or pg_basebackup".to_owned());
        }
        let path = target.to_str().ok_or("the path of the backup must be UTF-8")?;
        let mut sql = Sql::new("VACUUM INTO ");
        sql.text(path);
        self.writer.outside().run(sql).await.map(|_| ()).map_err(|fail| format!("{fail:?}"))
    }
}

/// Names the organisation whose rows the wall of PostgreSQL lets through, for this transaction; with a key, waits until
/// no other request with that key runs.
pub(crate) async fn set_org(conn: &Conn, org: &str, key: Option<&Key>) -> Result<(), Fail> {
    let mut sql = Sql::new("SELECT set_config('steerco.org', ");
    sql.text(org).push(", true)");
    if let Some(Key { org, subject, key }) = key {
        sql.push(", pg_advisory_xact_lock(hashtextextended(").text(format!("{org}\n{subject}\n{key}")).push(", 0))");
    }
    conn.one(sql).await.map(|_| ())
}

/// Whoever migrates a PostgreSQL database holds this lock: several processes may start at once.
const MIGRATING: i64 = 0x0073_7465_6572_636f;

/// Applies what is missing. A schema that is newer than this program has all it needs, and is left alone: the migrator
/// would refuse it, and a process of the release before could not be restarted during an upgrade.
async fn bring_up(connection: &DatabaseConnection) -> Result<(), String> {
    let failed = |cause: sea_orm::DbErr| format!("migration failed: {cause}");
    Migrator::install(connection).await.map_err(failed)?;
    let rows = Conn::Pool(connection.clone()).all(Sql::new("SELECT version FROM seaql_migrations")).await;
    let rows = rows.map_err(|fail| format!("migration failed: {fail:?}"))?;
    let applied: Vec<String> = rows.iter().filter_map(|row| row.try_get_by_index(0).ok()).collect();
    if Migrator::migrations().iter().all(|known| applied.iter().any(|name| name == known.name())) {
        return Ok(());
    }
    Migrator::up(connection, None).await.map_err(failed)
}

async fn open_sqlite(url: &str, migrate: bool) -> Result<Database, String> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|cause| format!("{url}: {cause}"))?
        .create_if_missing(migrate)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL would lose acknowledged writes at power loss.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(512)
        // KiB a connection; the operating system keeps the file besides.
        .pragma("cache_size", "-4096")
        .pragma("temp_store", "memory")
        .optimize_on_close(true, None);
    let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(30));
    let writer = one.connect_with(quiet(options.clone())).await.map_err(|cause| format!("{url}: {cause}"))?;
    let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
    if migrate {
        bring_up(&writer).await?;
    }
    let readers = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false).acquire_timeout(ACQUIRE);
    let pool = readers
        .connect_with(quiet(options.pragma("query_only", "ON")))
        .await
        .map_err(|cause| format!("{url}: {cause}"))?;
    let (access_cache, heads) = (Arc::new(AccessCache::default()), Arc::new(Heads::default()));
    let pool = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    Ok(Database {
        outside: pool.clone(),
        pool,
        writer: Writer::sqlite(writer, Arc::clone(&access_cache), Arc::clone(&heads)),
        access_cache: Some(access_cache),
        heads: Some(heads),
        postgres: false,
    })
}

fn quiet(options: SqliteConnectOptions) -> SqliteConnectOptions {
    use sqlx::ConnectOptions as _;
    options.disable_statement_logging()
}

async fn open_postgres(url: &str, migrate: bool) -> Result<Database, String> {
    let problem = |cause: sea_orm::DbErr| format!("PostgreSQL: {cause}");
    if migrate {
        // As the owner: the service's own role may not change the schema.
        let mut options = ConnectOptions::new(url);
        // One connection, so that the lock it takes is held until it is closed.
        options.max_connections(1).connect_timeout(Duration::from_secs(10)).sqlx_logging(false);
        let owner = sea_orm::Database::connect(options).await.map_err(problem)?;
        owner.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATING})")).await.map_err(problem)?;
        bring_up(&owner).await?;
        owner.close().await.map_err(problem)?;
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(16)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_timeout(ACQUIRE)
        .test_before_acquire(false)
        .sqlx_logging(false)
        // Row-level security binds this role, which owns nothing.
        .map_sqlx_postgres_opts(|options| {
            let settings = [("role", "steerco_service"), ("statement_timeout", "30s"), ("lock_timeout", "5s")];
            options.options(settings).statement_cache_capacity(512)
        });
    let pool = sea_orm::Database::connect(options.clone()).await.map_err(problem)?;
    options.max_connections(4).min_connections(0).connect_lazy(true);
    let outside = sea_orm::Database::connect(options).await.map_err(problem)?;
    Ok(Database {
        pool: pool.clone(),
        outside,
        writer: Writer::postgres(pool),
        access_cache: None,
        heads: None,
        postgres: true,
    })
}
