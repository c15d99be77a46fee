//! A connection to run statements on: a pool, or a transaction.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement, Value, Values,
};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, AssertSqlSafe, Postgres};
use steerco_domain::field::{Cell, ColumnType};

use crate::fail::Fail;
use crate::flush::{insert_now, push_insert};
use crate::idempotency::{Kept, Key};
use crate::log::{Head, set_head};
use crate::sql::Sql;

/// Where statements run.
pub enum Conn {
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
    /// A connection of PostgreSQL that was told for whose rows it is.
    Session(tokio::sync::Mutex<PoolConnection<Postgres>>),
    /// The transaction of one write, or on SQLite of many.
    Shared(Shared),
}

/// A transaction that writes: what is inserted waits to go in together, and the answers of its keys were read at once.
pub struct Shared {
    transaction: DatabaseTransaction,
    waiting: Mutex<Vec<Insert>>,
    /// What was answered under the idempotency keys of the group.
    pub(crate) kept: OnceLock<HashMap<Key, Kept>>,
}

/// Rows for one table.
pub(crate) struct Insert {
    pub(crate) table: String,
    pub(crate) columns: Vec<(String, ColumnType)>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

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
    pub(crate) fn backend(&self) -> DbBackend {
        match self {
            Self::Pool(pool) => pool.get_database_backend(),
            Self::Session(_) => DbBackend::Postgres,
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => {
                transaction.get_database_backend()
            }
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    fn statement(&self, sql: Sql) -> Statement {
        let text = if self.is_postgres() { sql.text } else { unnumbered(&sql.text) };
        Statement::from_sql_and_values(self.backend(), text, sql.values)
    }

    /// Inserts rows; in a shared transaction before the next statement that may read them, or at its end.
    pub(crate) async fn insert(&self, insert: Insert) -> Result<(), Fail> {
        match self {
            Self::Shared(shared) => {
                shared.wait(insert);
                Ok(())
            }
            _ => insert_now(self, insert).await,
        }
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
            insert_now(self, insert).await?;
        }
        Ok(())
    }

    async fn settle_for(&self, sql: &Sql) -> Result<(), Fail> {
        match self {
            Self::Shared(shared) if shared.concerns(&sql.text) => self.settle().await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>, Fail> {
        self.settle_for(&sql).await?;
        let statement = self.statement(sql);
        Ok(match self {
            Self::Pool(pool) => pool.query_all_raw(statement).await?,
            Self::Session(session) => {
                let query = sqlx::query_with(AssertSqlSafe(statement.sql), arguments(statement.values)?);
                let rows = query.fetch_all(&mut **session.lock().await).await?;
                rows.into_iter().map(QueryResult::from).collect()
            }
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => {
                transaction.query_all_raw(statement).await?
            }
        })
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>, Fail> {
        Ok(self.all(sql).await?.pop())
    }

    /// Rows affected.
    pub(crate) async fn run(&self, sql: Sql) -> Result<u64, Fail> {
        self.settle_for(&sql).await?;
        self.run_now(sql).await
    }

    pub(crate) async fn run_now(&self, sql: Sql) -> Result<u64, Fail> {
        let statement = self.statement(sql);
        let done = match self {
            Self::Pool(pool) => pool.execute_raw(statement).await,
            Self::Session(_) => return Err(Fail::Broken("a session only reads".to_owned())),
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => {
                transaction.execute_raw(statement).await
            }
        }?;
        Ok(done.rows_affected())
    }

    /// A transaction to write in.
    pub(crate) fn shared(transaction: DatabaseTransaction) -> Self {
        Self::Shared(Shared { transaction, waiting: Mutex::default(), kept: OnceLock::new() })
    }

    /// Ends a read; a transaction that only read has nothing to keep.
    pub async fn close(self) -> Result<(), Fail> {
        match self {
            Self::Pool(_) | Self::Session(_) => Ok(()),
            Self::Transaction(transaction) | Self::Shared(Shared { transaction, .. }) => {
                Ok(transaction.commit().await?)
            }
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
            tracing::warn!(%cause, "rollback failed; the connection is discarded");
        }
    }
}

/// `$1, $2` as `?, ?`: SQLite finds a numbered parameter by searching all before it, so that a statement of thousands
/// would cost their square. Values always stand in the order of the text.
fn unnumbered(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (i, part) in text.split('$').enumerate() {
        plain.push_str(if i == 0 { part } else { "?" });
        if i > 0 {
            plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    plain
}

/// The two types of value that a column has.
fn arguments(values: Option<Values>) -> Result<PgArguments, Fail> {
    let mut arguments = PgArguments::default();
    for value in values.into_iter().flat_map(|values| values.0) {
        match value {
            Value::BigInt(int) => arguments.add(int),
            Value::String(text) => arguments.add(text),
            other => return Err(Fail::Broken(format!("no column takes {other:?}"))),
        }
        .map_err(|cause| Fail::Broken(cause.to_string()))?;
    }
    Ok(arguments)
}
