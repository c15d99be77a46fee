//! The embedded database, run on the calling thread: a statement costs what SQLite does, and no way there and back.
//!
//! A statement holds its thread as long as it takes. Those of requests take microseconds; a page or a sum of what was
//! takes milliseconds, and the runtime has threads to spare for the others meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{Null, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};
use sea_orm::Value;
use steerco_domain::field::Cell;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fail::Fail;
use crate::insert::{Insert, push_insert};
use crate::row::{Row, Values};
use crate::sql::Sql;
use crate::statement;

/// Connections to one file, opened when they are needed and kept.
pub struct Pool {
    path: PathBuf,
    writes: bool,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    /// How long a caller waits for a connection before it is told that the database is away.
    patience: Duration,
}

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 512;

/// KiB of the file that a connection keeps; the operating system keeps it besides.
const CACHE: u32 = 2 << 10;
/// The same while it posts a long batch, whose indexes would else be written and read again many times over.
const WIDE_CACHE: u32 = 40 << 10;

/// Full: NORMAL would lose acknowledged writes at power loss.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA busy_timeout = 5000; PRAGMA temp_store = memory;";

impl Pool {
    /// The one connection that writes.
    pub(crate) fn writer(path: &Path) -> Arc<Self> {
        Self::new(path, true, 1, Duration::from_secs(30))
    }

    /// Connections that only read.
    pub(crate) fn readers(path: &Path, patience: Duration) -> Arc<Self> {
        Self::new(path, false, 8, patience)
    }

    fn new(path: &Path, writes: bool, most: usize, patience: Duration) -> Arc<Self> {
        let (idle, permits) = (Mutex::default(), Arc::new(Semaphore::new(most)));
        Arc::new(Self { path: path.to_owned(), writes, idle, permits, patience })
    }

    fn open(&self) -> Result<Connection, rusqlite::Error> {
        // A connection is used by one thread at a time: `Held` sees to it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.execute_batch(SETTINGS)?;
        set_cache(&connection, CACHE)?;
        if !self.writes {
            connection.execute_batch("PRAGMA query_only = ON")?;
        }
        // A statement keeps its plan whatever values it is given; otherwise it is prepared anew for every other value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// A connection for one at a time.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Held, Fail> {
        let permits = Arc::clone(&self.permits);
        let permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match tokio::time::timeout(self.patience, permits.acquire_owned()).await {
                Ok(Ok(permit)) => permit,
                _ => return Err(Fail::away("no connection became free")),
            },
        };
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(Held { connection: Mutex::new(Some(connection)), pool: Arc::clone(self), _permit: permit })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(connection) = lock(&self.idle).first().filter(|_| self.writes) {
            // Statistics for the next start; without them it plans as it did before.
            let _ = connection.execute_batch("PRAGMA optimize");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection taken from its pool; it goes back with whatever transaction was left open undone.
pub struct Held {
    connection: Mutex<Option<Connection>>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(connection) = lock(&self.connection).take() else { return };
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            lock(&self.pool.idle).push(connection);
        }
    }
}

impl Held {
    /// Runs the statement of this text.
    fn with<T>(&self, text: &str, run: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, Fail> {
        let held = lock(&self.connection);
        let connection = held.as_ref().ok_or_else(|| Fail::broken("the connection was given back"))?;
        let started = statement::start();
        let done = run(connection);
        statement::end(started, text);
        done.map_err(|error| Fail::from(error).in_statement(text))
    }

    /// Keeps more of the file for as long as much of it changes.
    pub(crate) fn widen(&self, wide: bool) -> Result<(), Fail> {
        self.with("PRAGMA cache_size", |connection| set_cache(connection, if wide { WIDE_CACHE } else { CACHE }))
    }

    /// `BEGIN …`, `COMMIT`, `ROLLBACK`.
    pub(crate) fn control(&self, text: &str) -> Result<(), Fail> {
        self.with(text, |connection| connection.prepare_cached(text)?.execute([]).map(|_| ()))
    }

    pub(crate) fn all(&self, sql: Sql) -> Result<Vec<Row>, Fail> {
        let rows = self.read(&sql, |row, i| row.get(i))?;
        let statement = Arc::new(sql.text);
        let row = |values| Row { values: Values::Sqlite(values), statement: Arc::clone(&statement) };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Rows of columns that hold integers and texts.
    pub(crate) fn cells(&self, sql: &Sql) -> Result<Vec<Vec<Cell>>, Fail> {
        self.read(sql, |row, i| {
            Ok(match row.get_ref(i)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(int) => Cell::Int(int),
                other => Cell::Text(other.as_str()?.to_owned()),
            })
        })
    }

    fn read<T>(
        &self,
        sql: &Sql,
        column: impl Fn(&rusqlite::Row<'_>, usize) -> Result<T, rusqlite::Error>,
    ) -> Result<Vec<Vec<T>>, Fail> {
        self.with(&sql.text, |connection| {
            let mut statement = prepare(connection, sql)?;
            let (columns, mut found) = (statement.column_count(), Vec::new());
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let mut values = Vec::with_capacity(columns);
                for i in 0..columns {
                    values.push(column(row, i)?);
                }
                found.push(values);
            }
            Ok(found)
        })
    }

    /// Puts rows in one by one: a row costs no more alone than among others, and one text is prepared.
    pub(crate) fn insert(&self, insert: &Insert) -> Result<(), Fail> {
        let mut sql = Sql::default();
        push_insert(insert, insert.rows.get(..1).unwrap_or_default(), &mut sql);
        self.with(&sql.text, |connection| {
            let mut statement = connection.prepare_cached(&sql.text)?;
            for row in &insert.rows {
                for (i, cell) in row.iter().enumerate() {
                    match cell {
                        Cell::Null => statement.raw_bind_parameter(i + 1, Null)?,
                        Cell::Int(int) => statement.raw_bind_parameter(i + 1, int)?,
                        Cell::Text(text) => statement.raw_bind_parameter(i + 1, text)?,
                    }
                }
                statement.raw_execute()?;
            }
            Ok(())
        })
    }

    /// Rows affected.
    pub(crate) fn run(&self, sql: &Sql) -> Result<u64, Fail> {
        self.with(&sql.text, |connection| prepare(connection, sql)?.raw_execute().map(|count| count as u64))
    }
}

fn set_cache(connection: &Connection, kib: u32) -> Result<(), rusqlite::Error> {
    connection.execute_batch(&format!("PRAGMA cache_size = -{kib}"))
}

/// The statement with its values, which always stand in the order of the text.
fn prepare<'c>(connection: &'c Connection, sql: &Sql) -> Result<CachedStatement<'c>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    for (i, value) in sql.values.iter().enumerate() {
        match value {
            Value::BigInt(int) => statement.raw_bind_parameter(i + 1, int)?,
            Value::String(text) => statement.raw_bind_parameter(i + 1, text)?,
            Value::Bytes(bytes) => statement.raw_bind_parameter(i + 1, bytes)?,
            _ => return Err(rusqlite::Error::InvalidParameterCount(i, i + 1)),
        }
    }
    Ok(statement)
}
