//! Opening a database, and the connections to read and write on.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, SqlxSqliteConnector};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use steerco_domain::time::Instant;
use tokio::runtime::Handle;

use crate::access::AccessCache;
use crate::actuals_progress::Told;
use crate::conn::{Conn, Pool};
use crate::fail::Fail;
use crate::log::Heads;
use crate::lookout::Lookout;
use crate::sql::Sql;
use crate::sqlite;
use crate::writer::Writer;

/// A database with its migrations applied.
#[derive(Clone)]
pub struct Database {
    /// Reads.
    pool: Pool,
    /// Reads outside of any organisation, on connections that never name one.
    outside: Pool,
    pub(crate) writer: Writer,
    pub(crate) access_cache: Option<Arc<AccessCache>>,
    pub(crate) heads: Option<Arc<Heads>>,
    /// Whoever waits for a log to move.
    pub(crate) lookout: Arc<Lookout>,
    /// How far long batches are that an embedded database takes.
    pub(crate) told: Told,
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

    pub const fn is_postgres(&self) -> bool {
        self.pool.is_postgres()
    }

    /// A connection to read the rows of this organisation on.
    pub async fn read(&self, org: &str) -> Result<Conn, Fail> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Conn::Pool(self.pool.clone())) };
        // For the session and not for a transaction, of which a read would only pay begin and end: whoever has the
        // connection next names its own organisation before anything else.
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

    /// A read-only transaction, so that many statements see one moment.
    pub async fn snapshot(&self, org: &str) -> Result<Conn, Fail> {
        Ok(Conn::Transaction(self.pool.begin(false, org, None).await?))
    }

    /// Whether every migration this program knows is applied. A newer database is fine: migrations only add.
    pub async fn is_migrated(&self) -> bool {
        let Ok(rows) = self.outside().all(Sql::new("SELECT version FROM seaql_migrations")).await else {
            return false;
        };
        let applied: Vec<String> = rows.iter().filter_map(|row| row.get(0).ok()).collect();
        steerco_migrations::names().all(|name| applied.iter().any(|known| known == name))
    }

    /// Every organisation, for jobs and the command line.
    pub async fn organisations(&self) -> Result<Vec<String>, Fail> {
        let rows = self.outside().all(Sql::new("SELECT org FROM tenant ORDER BY org")).await?;
        rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()
    }

    /// Begins a new epoch of every organisation's feed, so that cursors of before are answered as expired; answers how
    /// many. The instant is its number: no two restores of one backup share it.
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

    /// A copy of an embedded database, taken while it serves.
    pub async fn backup(&self, target: &Path) -> Result<(), String> {
        if self.is_postgres() {
            return Err("back up PostgreSQL with pg_dump or pg_basebackup".to_owned());
        }
        let path = target.to_str().ok_or("the path of the backup must be UTF-8")?;
        let mut sql = Sql::new("VACUUM INTO ");
        sql.text(path);
        let writer = self.writer.outside();
        // It takes as long as the file is large.
        let copied = tokio::task::spawn_blocking(move || Handle::current().block_on(writer.run(sql)));
        let copied = copied.await.map_err(|cause| cause.to_string())?;
        copied.map(|_| ()).map_err(|fail| format!("{fail:?}"))
    }
}

/// Whoever migrates a PostgreSQL database holds this lock: several processes may start at once.
const MIGRATING: i64 = 0x0073_7465_6572_636f;

async fn bring_up(connection: &DatabaseConnection) -> Result<(), String> {
    steerco_migrations::apply(connection).await.map_err(|cause| format!("migration failed: {cause}"))
}

/// Migrations run on a connection of sea-orm that is gone afterwards.
async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), String> {
    use sqlx::ConnectOptions as _;
    let options = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(30));
    let pool = one.connect_with(options).await.map_err(|cause| cause.to_string())?;
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    bring_up(&connection).await?;
    connection.close().await.map_err(|cause| cause.to_string())
}

async fn open_sqlite(url: &str, migrate: bool) -> Result<Database, String> {
    let problem = |cause: String| format!("{url}: {cause}");
    let options = SqliteConnectOptions::from_str(url).map_err(|cause| problem(cause.to_string()))?;
    if migrate {
        migrate_sqlite(&options).await.map_err(problem)?;
    }
    let path = options.get_filename();
    let (readers, writer) = (sqlite::Pool::readers(path, ACQUIRE), sqlite::Pool::writer(path));
    // What cannot be opened is told now.
    for pool in [&writer, &readers] {
        pool.take().await.map_err(|fail| problem(format!("{fail:?}")))?;
    }
    let (access_cache, heads) = (Arc::new(AccessCache::default()), Arc::new(Heads::default()));
    let lookout = Arc::new(Lookout::default());
    let told = (Arc::clone(&heads), Arc::clone(&lookout));
    let writer = Writer::sqlite(writer, Arc::clone(&access_cache), told).map_err(problem)?;
    let pool = Pool::Sqlite(readers);
    Ok(Database {
        outside: pool.clone(),
        pool,
        writer,
        access_cache: Some(access_cache),
        heads: Some(heads),
        lookout,
        told: Told::default(),
    })
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
    let of = |pool: DatabaseConnection| Pool::Postgres(pool.get_postgres_connection_pool().clone());
    let (pool, outside) = (of(pool), of(outside));
    let writer = Writer::postgres(pool.clone());
    let lookout = Arc::new(Lookout::default());
    Ok(Database { pool, outside, writer, access_cache: None, heads: None, lookout, told: Told::default() })
}
