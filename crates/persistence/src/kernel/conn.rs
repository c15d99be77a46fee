//! A connection to run statements on: a pool, or a transaction.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use steerco_domain::field::{Cell, ColumnType};
use tokio::sync::Mutex;

use crate::fail::Fail;
use crate::head::{Head, set_head};
use crate::insert::{Insert, push_insert};
use crate::key::{Kept, Key};
use crate::postgres;
use crate::row::Row;
use crate::sql::Sql;
use crate::sqlite;
use crate::statement;

/// Where statements run.
pub enum Conn {
    Pool(Pool),
    Transaction(Transaction),
    /// A connection of PostgreSQL that was told for whose rows it is.
    Session(Mutex<PoolConnection<Postgres>>),
    /// The transaction of one write, or on SQLite of many.
    Shared(Shared),
}

/// Connections to either database.
#[derive(Clone)]
pub enum Pool {
    Sqlite(Arc<sqlite::Pool>),
    Postgres(PgPool),
}

/// A transaction of either database.
pub enum Transaction {
    Sqlite(sqlite::Held),
    Postgres(Mutex<sqlx::Transaction<'static, Postgres>>),
}

impl Pool {
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// A transaction; on SQLite one that means to write takes its turn at once. On PostgreSQL it is named for whose rows
    /// it is, and with a key it waits until no other request with that key runs.
    pub(crate) async fn begin(&self, writes: bool, org: &str, key: Option<&Key>) -> Result<Transaction, Fail> {
        Ok(match self {
            Self::Sqlite(pool) => {
                let held = pool.take().await?;
                held.control(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
                Transaction::Sqlite(held)
            }
            Self::Postgres(pool) => {
                let (pool, text) = (pool.clone(), AssertSqlSafe(postgres::begin(writes, org)));
                // Never left half way by a caller that goes: the driver takes back only what it has heard to be begun.
                let begun = tokio::spawn(async move { pool.begin_with(text).await });
                let begun = begun.await.map_err(|cause| Fail::broken(cause))?;
                let mut transaction = begun.map_err(|error| Fail::from(error).in_statement("BEGIN"))?;
                if let Some(key) = key {
                    postgres::query(postgres::take(key))?.execute(&mut *transaction).await?;
                }
                Transaction::Postgres(Mutex::new(transaction))
            }
        })
    }
}

impl Transaction {
    const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    async fn commit(self) -> Result<(), Fail> {
        match self {
            Self::Sqlite(held) => held.control("COMMIT"),
            Self::Postgres(transaction) => {
                let started = statement::start();
                let done = transaction.into_inner().commit().await;
                statement::end(started, "COMMIT");
                done.map_err(|error| Fail::from(error).in_statement("COMMIT"))
            }
        }
    }

    async fn rollback(self) -> Result<(), Fail> {
        match self {
            // Given back, it is rolled back.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => Ok(transaction.into_inner().rollback().await?),
        }
    }
}

/// A transaction that writes: what is inserted waits to go in together, and the answers of its keys were read at once.
pub struct Shared {
    transaction: Transaction,
    waiting: std::sync::Mutex<Vec<Insert>>,
    /// What was answered under the idempotency keys of the group.
    pub(crate) kept: OnceLock<HashMap<Key, Kept>>,
    /// Where the logs end by what the group has written so far, before it is in the log itself.
    ends: std::sync::Mutex<HashMap<String, (i64, String)>>,
}

/// Rows that a statement of PostgreSQL has: few sizes, so that their statements stay prepared.
pub(crate) const SIZES: &[usize] = &[64, 32, 16, 8, 4, 2, 1];

impl Shared {
    /// Whether rows wait for a table that this statement may name.
    fn concerns(&self, text: &str) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().any(|insert| text.contains(&insert.table))
    }

    fn wait(&self, mut insert: Insert) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.iter_mut().find(|before| before.table == insert.table) {
            Some(before) => before.rows.append(&mut insert.rows),
            None => waiting.push(insert),
        }
    }

    /// Whether so little waits that few different statements insert it.
    fn is_small(&self) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().all(|insert| insert.rows.len() <= 2)
    }

    fn take(&self) -> Vec<Insert> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Conn {
    pub(crate) const fn is_postgres(&self) -> bool {
        match self {
            Self::Pool(pool) => pool.is_postgres(),
            Self::Session(_) => true,
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => transaction.is_postgres(),
        }
    }

    /// Says where a log ends by what this transaction has written.
    pub(crate) fn set_end(&self, org: &str, head: &Head) {
        if let Self::Shared(shared) = self {
            let mut ends = shared.ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.insert(org.to_owned(), (head.seq, head.hash.clone()));
        }
    }

    /// Where a log ends by what this transaction has written; nothing where it has not.
    pub(crate) fn end(&self, org: &str) -> Option<(i64, String)> {
        let Self::Shared(shared) = self else { return None };
        shared.ends.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned()
    }

    /// Inserts rows of a table.
    pub(crate) async fn insert_many<'a>(
        &self,
        table: &str,
        columns: impl Iterator<Item = (&'a str, ColumnType)>,
        rows: Vec<Vec<Cell>>,
    ) -> Result<(), Fail> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).collect();
        self.insert(Insert::new(table, columns, rows)).await
    }

    /// Inserts rows; in a shared transaction before the next statement that may read them, or at its end.
    pub(crate) async fn insert(&self, insert: Insert) -> Result<(), Fail> {
        match self {
            Self::Shared(shared) => {
                shared.wait(insert);
                Ok(())
            }
            _ => self.insert_now(insert).await,
        }
    }

    /// Inserts rows at once.
    pub(crate) async fn insert_now(&self, insert: Insert) -> Result<(), Fail> {
        match self {
            _ if insert.rows.is_empty() => return Ok(()),
            Self::Pool(Pool::Sqlite(pool)) => return pool.take().await?.insert(&insert),
            Self::Transaction(Transaction::Sqlite(held))
            | Self::Shared(Shared { transaction: Transaction::Sqlite(held), .. }) => return held.insert(&insert),
            _ => {}
        }
        if let [row] = insert.rows.as_slice() {
            let mut sql = Sql::default();
            push_insert(&insert, std::slice::from_ref(row), &mut sql);
            return self.run_now(sql).await.map(|_| ());
        }
        let statement = postgres::insert(&insert)?;
        self.run_postgres(statement).await.map(|_| ())
    }

    /// Inserts what waits and moves the heads of the logs.
    pub(crate) async fn finish(&self, heads: &HashMap<String, Head>) -> Result<(), Fail> {
        if let Self::Shared(shared) = self
            && self.is_postgres()
            && shared.is_small()
        {
            return self.finish_at_once(shared.take(), heads).await;
        }
        self.settle().await?;
        for (org, head) in heads {
            self.run_now(set_head(org, head, Sql::default())).await?;
        }
        Ok(())
    }

    /// In one statement: on PostgreSQL a write costs mostly its way there and back.
    async fn finish_at_once(&self, inserts: Vec<Insert>, heads: &HashMap<String, Head>) -> Result<(), Fail> {
        let mut sql = Sql::default();
        for (i, insert) in inserts.iter().enumerate() {
            sql.push(if i == 0 { "WITH i" } else { ", i" }).push(&i.to_string()).push(" AS (");
            push_insert(insert, &insert.rows, &mut sql);
            sql.push(")");
        }
        let mut heads = heads.iter();
        let first = heads.next();
        let sql = match first {
            Some((org, head)) => set_head(org, head, sql),
            None if inserts.is_empty() => return Ok(()),
            None => std::mem::take(sql.push(" SELECT 1")),
        };
        self.run_now(sql).await?;
        for (org, head) in heads {
            self.run_now(set_head(org, head, Sql::default())).await?;
        }
        Ok(())
    }

    /// Inserts what waits.
    pub(crate) async fn settle(&self) -> Result<(), Fail> {
        let Self::Shared(shared) = self else { return Ok(()) };
        for insert in shared.take() {
            self.insert_now(insert).await?;
        }
        Ok(())
    }

    async fn settle_for(&self, sql: &Sql) -> Result<(), Fail> {
        match self {
            Self::Shared(shared) if shared.concerns(&sql.text) => self.settle().await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<Row>, Fail> {
        self.settle_for(&sql).await?;
        match self {
            Self::Pool(Pool::Sqlite(pool)) => pool.take().await?.all(sql).await,
            Self::Transaction(Transaction::Sqlite(held))
            | Self::Shared(Shared { transaction: Transaction::Sqlite(held), .. }) => held.all(sql).await,
            Self::Pool(Pool::Postgres(pool)) => postgres::query(sql)?.fetch_all(pool).await,
            Self::Session(session) => postgres::query(sql)?.fetch_all(&mut **session.lock().await).await,
            Self::Transaction(Transaction::Postgres(transaction))
            | Self::Shared(Shared { transaction: Transaction::Postgres(transaction), .. }) => {
                postgres::query(sql)?.fetch_all(&mut **transaction.lock().await).await
            }
        }
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<Row>, Fail> {
        Ok(self.all(sql).await?.pop())
    }

    /// Rows of cells, on SQLite; `None` on PostgreSQL, where the types of the columns must be known.
    pub(crate) async fn cells(&self, sql: &Sql) -> Result<Option<Vec<Vec<Cell>>>, Fail> {
        self.settle_for(sql).await?;
        match self {
            Self::Pool(Pool::Sqlite(pool)) => pool.take().await?.cells(sql).await.map(Some),
            Self::Transaction(Transaction::Sqlite(held))
            | Self::Shared(Shared { transaction: Transaction::Sqlite(held), .. }) => held.cells(sql).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Rows affected.
    pub(crate) async fn run(&self, sql: Sql) -> Result<u64, Fail> {
        self.settle_for(&sql).await?;
        self.run_now(sql).await
    }

    pub(crate) async fn run_now(&self, sql: Sql) -> Result<u64, Fail> {
        match self {
            Self::Pool(Pool::Sqlite(pool)) => pool.take().await?.run(&sql),
            Self::Transaction(Transaction::Sqlite(held))
            | Self::Shared(Shared { transaction: Transaction::Sqlite(held), .. }) => held.run(&sql),
            _ => self.run_postgres(postgres::query(sql)?).await,
        }
    }

    async fn run_postgres(&self, statement: postgres::Statement) -> Result<u64, Fail> {
        match self {
            Self::Pool(Pool::Postgres(pool)) => statement.execute(pool).await,
            Self::Transaction(Transaction::Postgres(transaction))
            | Self::Shared(Shared { transaction: Transaction::Postgres(transaction), .. }) => {
                statement.execute(&mut **transaction.lock().await).await
            }
            _ => Err(Fail::broken("a session only reads, and SQLite is no PostgreSQL")),
        }
    }

    /// A transaction to write in.
    pub(crate) fn shared(transaction: Transaction) -> Self {
        Self::Shared(Shared {
            transaction,
            waiting: std::sync::Mutex::default(),
            kept: OnceLock::new(),
            ends: std::sync::Mutex::default(),
        })
    }

    /// Lets the statements of this transaction run for any time: a verification reads all data.
    pub(crate) async fn endless(&self) -> Result<(), Fail> {
        match self {
            Self::Transaction(Transaction::Sqlite(held)) => {
                held.endless();
                Ok(())
            }
            _ => self.run(Sql::new("SET LOCAL statement_timeout = 0")).await.map(|_| ()),
        }
    }

    /// Makes ready for a long batch, or goes back to what is usual. After a failure the next one goes back.
    pub(crate) fn widen(&self, wide: bool) -> Result<(), Fail> {
        match self {
            Self::Shared(Shared { transaction: Transaction::Sqlite(held), .. }) => held.widen(wide),
            _ => Ok(()),
        }
    }

    /// Ends a read; a transaction that only read has nothing to keep.
    pub async fn close(self) -> Result<(), Fail> {
        match self {
            Self::Pool(_) | Self::Session(_) => Ok(()),
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => transaction.commit().await,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Fail> {
        self.settle().await?;
        self.close().await
    }

    pub(crate) async fn rollback(self) {
        if let Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) = self
            && let Err(cause) = transaction.rollback().await
        {
            tracing::warn!(?cause, "rollback failed; the connection is discarded");
        }
    }
}
