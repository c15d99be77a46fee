//! The connection of a migration, and the table of applied migrations.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement};

/// The table of what was applied, as sea-orm's own migrator makes it: databases of before are read by it.
const APPLIED: &str = "CREATE TABLE IF NOT EXISTS \"seaql_migrations\" \
                       (\"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL)";

/// The database under change: on PostgreSQL the transaction of one migration.
pub(crate) enum SchemaManager<'a> {
    Connection(&'a DatabaseConnection),
    Transaction(&'a DatabaseTransaction),
}

impl SchemaManager<'_> {
    pub(crate) fn is_postgres(&self) -> bool {
        let backend = match self {
            Self::Connection(connection) => connection.get_database_backend(),
            Self::Transaction(transaction) => transaction.get_database_backend(),
        };
        backend == DbBackend::Postgres
    }

    pub(crate) async fn execute(&self, statement: &str) -> Result<(), DbErr> {
        match self {
            Self::Connection(connection) => connection.execute_unprepared(statement).await?,
            Self::Transaction(transaction) => transaction.execute_unprepared(statement).await?,
        };
        Ok(())
    }

    /// Writes down that a migration was applied.
    pub(crate) async fn note(&self, name: &str) -> Result<(), DbErr> {
        let now = if self.is_postgres() { "extract(epoch FROM now())::bigint" } else { "unixepoch()" };
        self.execute(&format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{name}', {now})")).await
    }
}

/// The names of the migrations that a database has.
pub(crate) async fn read_applied(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    connection.execute_unprepared(APPLIED).await?;
    let named = Statement::from_string(connection.get_database_backend(), "SELECT version FROM seaql_migrations");
    connection.query_all_raw(named).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}
