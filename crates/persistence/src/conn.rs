//! A connection to run statements on: a pool, or a transaction.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement};

use crate::fail::Fail;
use crate::sql::Sql;

/// Where statements run.
pub enum Conn {
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl Conn {
    pub(crate) fn backend(&self) -> DbBackend {
        match self {
            Self::Pool(pool) => pool.get_database_backend(),
            Self::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>, Fail> {
        let statement = Statement::from_sql_and_values(self.backend(), sql.text, sql.values);
        Ok(match self {
            Self::Pool(pool) => pool.query_all_raw(statement).await,
            Self::Transaction(transaction) => transaction.query_all_raw(statement).await,
        }?)
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>, Fail> {
        let statement = Statement::from_sql_and_values(self.backend(), sql.text, sql.values);
        Ok(match self {
            Self::Pool(pool) => pool.query_one_raw(statement).await,
            Self::Transaction(transaction) => transaction.query_one_raw(statement).await,
        }?)
    }

    /// Rows affected.
    pub(crate) async fn run(&self, sql: Sql) -> Result<u64, Fail> {
        let statement = Statement::from_sql_and_values(self.backend(), sql.text, sql.values);
        let done = match self {
            Self::Pool(pool) => pool.execute_raw(statement).await,
            Self::Transaction(transaction) => transaction.execute_raw(statement).await,
        }?;
        Ok(done.rows_affected())
    }

    /// Ends a read; a transaction that only read has nothing to keep.
    pub async fn close(self) -> Result<(), Fail> {
        match self {
            Self::Pool(_) => Ok(()),
            Self::Transaction(transaction) => Ok(transaction.commit().await?),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Fail> {
        self.close().await
    }

    pub(crate) async fn rollback(self) {
        if let Self::Transaction(transaction) = self
            && let Err(cause) = transaction.rollback().await
        {
            tracing::warn!(%cause, "rollback failed; the connection is discarded");
        }
    }
}
