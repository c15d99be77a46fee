//! The embedded database. A read begins on the calling thread: most take microseconds, and changing threads would cost as
//! much again. A read that has not ended within [`BRIEF`] is stopped and run anew on a thread for long statements, so that
//! no statement blocks a thread of the runtime. Few long statements run at a time; the others wait in line without
//! occupying a connection of the brief ones. A long statement ends with its caller, and after [`LONGEST`] in any case.
//!
//! Writes run on the thread of the writer, which nobody else waits for.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    idle: Mutex<Vec<Open>>,
    permits: Arc<Semaphore>,
    /// Places of long statements that run or wait for their turn.
    line: Arc<Semaphore>,
    /// Turns of long statements.
    turns: Arc<Semaphore>,
    /// How long a caller waits for a connection before it is told that the database is away.
    patience: Duration,
    /// How long a read may run.
    longest: Duration,
}

/// How long a read may run on the calling thread.
const BRIEF: Duration = Duration::from_millis(2);
/// How long any read may run, as `statement_timeout` on PostgreSQL.
const LONGEST: Duration = Duration::from_secs(30);
/// A time that nothing takes.
const ENDLESS: Duration = Duration::from_secs(u32::MAX as u64);
/// Steps of SQLite's virtual machine between two looks at the clock, some ten microseconds.
const STEPS: i32 = 1000;
/// Connections of brief reads.
const READERS: usize = 8;
/// Long statements that run or wait; each holds a connection.
const LINE: usize = 32;

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
        Self::new(path, false, READERS, patience)
    }

    fn new(path: &Path, writes: bool, most: usize, patience: Duration) -> Arc<Self> {
        // Half of the processors are left to everybody else.
        let turns = std::thread::available_parallelism().map_or(1, |count| count.get().div_ceil(2));
        let [permits, line, turns] = [most, LINE, turns].map(|places| Arc::new(Semaphore::new(places)));
        let (path, idle, longest) = (path.to_owned(), Mutex::default(), LONGEST);
        Arc::new(Self { path, writes, idle, permits, line, turns, patience, longest })
    }

    fn open(&self) -> Result<Open, rusqlite::Error> {
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
        let limit = Arc::new(Limit::default());
        if !self.writes {
            let limit = Arc::clone(&limit);
            connection.progress_handler(STEPS, Some(move || limit.is_over()))?;
        }
        Ok(Open { connection, limit })
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
        let open = match idle {
            Some(open) => open,
            None => self.open()?,
        };
        let limit = Arc::clone(&open.limit);
        let open = Arc::new(Mutex::new(Some(open)));
        Ok(Held { open, limit, pool: Arc::clone(self), permit: Mutex::new(Some(permit)) })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(open) = lock(&self.idle).first().filter(|_| self.writes) {
            // Statistics for the next start; without them it plans as it did before.
            let _ = open.connection.execute_batch("PRAGMA optimize");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open connection with the limit of its statements.
struct Open {
    connection: Connection,
    limit: Arc<Limit>,
}

/// How long the statement that runs on a connection may go on.
struct Limit {
    /// The beginning of the time that `until` counts from.
    since: Instant,
    /// Microseconds.
    until: AtomicU64,
    /// Whether the caller is gone.
    left: AtomicBool,
    /// Whether statements may run for any time.
    endless: AtomicBool,
}

impl Default for Limit {
    fn default() -> Self {
        let (until, left, endless) = (AtomicU64::new(u64::MAX), AtomicBool::default(), AtomicBool::default());
        Self { since: Instant::now(), until, left, endless }
    }
}

impl Limit {
    /// Begins a statement.
    fn set(&self, time: Duration) {
        self.left.store(false, Ordering::Relaxed);
        let until = (self.since.elapsed() + time).as_micros();
        self.until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed)
            || self.since.elapsed().as_micros() > u128::from(self.until.load(Ordering::Relaxed))
    }
}

/// Ends the long statement of a caller that leaves.
struct Leaving<'a>(&'a Limit);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.left.store(true, Ordering::Relaxed);
    }
}

/// A connection taken from its pool; it goes back with whatever transaction was left open undone.
pub struct Held {
    open: Arc<Mutex<Option<Open>>>,
    limit: Arc<Limit>,
    pool: Arc<Pool>,
    /// Given back before a long statement.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(open) = lock(&self.open).take() else { return };
        open.limit.endless.store(false, Ordering::Relaxed);
        open.limit.set(self.pool.longest);
        let mut idle = lock(&self.pool.idle);
        if idle.len() < READERS
            && (open.connection.is_autocommit() || open.connection.execute_batch("ROLLBACK").is_ok())
        {
            idle.push(open);
        }
    }
}

/// Reads a column of a row.
type Column<T> = fn(&rusqlite::Row<'_>, usize) -> Result<T, rusqlite::Error>;

/// Runs the statement of this text on a connection.
fn with<T>(
    open: &Mutex<Option<Open>>,
    text: &str,
    run: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, Fail> {
    let held = lock(open);
    let open = held.as_ref().ok_or_else(|| Fail::broken("the connection was given back"))?;
    let started = statement::start();
    let done = run(&open.connection);
    statement::end(started, text);
    done.map_err(|error| Fail::from(error).in_statement(text))
}

/// The rows of a statement.
fn rows<T>(open: &Mutex<Option<Open>>, sql: &Sql, column: Column<T>) -> Result<Vec<Vec<T>>, Fail> {
    with(open, &sql.text, |connection| {
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

impl Held {
    /// Runs the statement of this text.
    fn with<T>(&self, text: &str, run: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, Fail> {
        with(&self.open, text, run)
    }

    /// Lets statements run for any time, on threads of their own: those of a verification.
    pub(crate) fn endless(&self) {
        self.limit.endless.store(true, Ordering::Relaxed);
    }

    async fn read<T: Send + 'static>(&self, sql: &Sql, column: Column<T>) -> Result<Vec<Vec<T>>, Fail> {
        if self.pool.writes {
            return rows(&self.open, sql, column);
        }
        self.limit.set(BRIEF);
        match rows(&self.open, sql, column) {
            Err(Fail::Slow(_)) => self.read_long(sql.clone(), column).await,
            done => done,
        }
    }

    /// The same on a thread for long statements, once it is its turn.
    async fn read_long<T: Send + 'static>(&self, sql: Sql, column: Column<T>) -> Result<Vec<Vec<T>>, Fail> {
        let _place = self.pool.line.try_acquire().map_err(|_| Fail::away("too many long reads are waiting"))?;
        drop(lock(&self.permit).take());
        let _turn = self.pool.turns.acquire().await.map_err(Fail::broken)?;
        self.limit.set(if self.limit.endless.load(Ordering::Relaxed) { ENDLESS } else { self.pool.longest });
        let _leaving = Leaving(&self.limit);
        let open = Arc::clone(&self.open);
        tokio::task::spawn_blocking(move || rows(&open, &sql, column)).await.map_err(Fail::broken)?
    }

    /// Keeps more of the file for as long as much of it changes.
    pub(crate) fn widen(&self, wide: bool) -> Result<(), Fail> {
        self.with("PRAGMA cache_size", |connection| set_cache(connection, if wide { WIDE_CACHE } else { CACHE }))
    }

    /// `BEGIN …`, `COMMIT`, `ROLLBACK`.
    pub(crate) fn control(&self, text: &str) -> Result<(), Fail> {
        self.with(text, |connection| connection.prepare_cached(text)?.execute([]).map(|_| ()))
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<Row>, Fail> {
        let rows = self.read(&sql, |row, i| row.get(i)).await?;
        let statement = Arc::new(sql.text);
        let row = |values| Row { values: Values::Sqlite(values), statement: Arc::clone(&statement) };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Rows of columns that hold integers and texts.
    pub(crate) async fn cells(&self, sql: &Sql) -> Result<Vec<Vec<Cell>>, Fail> {
        let cell: Column<Cell> = |row, i| {
            Ok(match row.get_ref(i)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(int) => Cell::Int(int),
                other => Cell::Text(other.as_str()?.to_owned()),
            })
        };
        self.read(sql, cell).await
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

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    /// Takes minutes.
    const LONG: &str =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) SELECT count(*) FROM c";

    fn readers(name: &str) -> Arc<Pool> {
        let path = std::env::temp_dir().join(format!("steerco-sqlite-{name}-{}.db", std::process::id()));
        Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
        Pool::readers(&path, Duration::from_secs(5))
    }

    async fn read(pool: &Arc<Pool>, text: &str) -> Result<Vec<Vec<Cell>>, Fail> {
        pool.take().await?.cells(&Sql::new(text)).await
    }

    /// On one thread: a statement that blocked it would let nothing else happen.
    #[tokio::test]
    async fn a_brief_read_does_not_wait_for_long_ones() {
        let pool = readers("brief");
        let long = join_all((0..LINE).map(|_| read(&pool, LONG)));
        let brief = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
                assert_eq!(read(&pool, "SELECT 7").await.unwrap(), [[Cell::Int(7)]]);
            }
        };
        tokio::select! {
            ended = long => panic!("{} long reads ended first", ended.len()),
            () = brief => {}
        }
        // Those who left have left everything behind: the same again.
        assert_eq!((pool.line.available_permits(), pool.permits.available_permits()), (LINE, READERS));
        assert_eq!(read(&pool, "SELECT 8").await.unwrap(), [[Cell::Int(8)]]);
    }

    #[tokio::test]
    async fn a_long_read_has_an_end() {
        let pool = readers("end");
        let mut pool = Arc::into_inner(pool).unwrap();
        pool.longest = Duration::from_millis(20);
        let pool = Arc::new(pool);
        assert!(matches!(read(&pool, LONG).await, Err(Fail::Slow(_))));
        let held = pool.take().await.unwrap();
        assert!(matches!(held.cells(&Sql::new(LONG)).await, Err(Fail::Slow(_))));
        assert_eq!(held.cells(&Sql::new("SELECT 9")).await.unwrap(), [[Cell::Int(9)]], "the connection is good");
    }

    #[tokio::test]
    async fn a_line_that_is_full_says_so() {
        let pool = readers("full");
        let long = join_all((0..LINE).map(|_| read(&pool, LONG)));
        let one_more = async {
            tokio::task::yield_now().await;
            while pool.line.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            read(&pool, LONG).await
        };
        tokio::select! {
            ended = long => panic!("{} long reads ended first", ended.len()),
            refused = one_more => assert!(matches!(refused, Err(Fail::Away(_)))),
        }
    }
}
