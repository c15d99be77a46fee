//! Opening a database: its migrations, and the connections to it.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, SqlxSqliteConnector};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::access::AccessCache;
use crate::actuals_told::Told;
use crate::conn::Pool;
use crate::database::Database;
use crate::head::Heads;
use crate::lookout::Lookout;
use crate::plan::Writer;
use crate::sqlite;
use crate::writer;

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
    let writer = writer::start(writer, Arc::clone(&access_cache), told).map_err(problem)?;
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
