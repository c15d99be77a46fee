//! Statements of PostgreSQL, run on the driver itself, and the cells of its rows.

use std::sync::Arc;

use sea_orm::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Decode, Executor, Postgres, Row as _, ValueRef};
use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::hex::hex;

use crate::fail::Fail;
use crate::insert::Insert;
use crate::key::Key;
use crate::row::{Row, Values};
use crate::sql::Sql;
use crate::statement;

/// A statement with its values, and its text for the log.
pub(crate) struct Statement {
    pub(crate) query: Query<'static, Postgres, PgArguments>,
    pub(crate) text: Arc<String>,
}

impl Statement {
    fn new(text: String, arguments: PgArguments) -> Self {
        let text = Arc::new(text);
        Self { query: sqlx::query_with(AssertSqlSafe(Arc::clone(&text)), arguments), text }
    }

    pub(crate) async fn execute(self, executor: impl Executor<'_, Database = Postgres>) -> Result<u64, Fail> {
        let Self { query, text } = self;
        statement::run(&text, query.execute(executor)).await.map(|done| done.rows_affected())
    }

    pub(crate) async fn fetch_all(self, executor: impl Executor<'_, Database = Postgres>) -> Result<Vec<Row>, Fail> {
        let Self { query, text } = self;
        let rows = statement::run(&text, query.fetch_all(executor)).await?;
        let row = |row| Row { values: Values::Postgres(row), statement: Arc::clone(&text) };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// What begins a transaction on the rows of an organisation, in one way there and back: the wall of PostgreSQL lets
/// through what is named here. The name goes as digits, for here nothing is bound; and nothing that waits may stand
/// here, for what fails before the driver knows that a transaction is begun is not taken back.
pub(crate) fn begin(writes: bool, org: &str) -> String {
    let isolation = if writes { "READ COMMITTED" } else { "REPEATABLE READ" };
    let org = hex(org.as_bytes());
    let name = format!("SELECT set_config('steerco.org', convert_from(decode('{org}', 'hex'), 'UTF8'), true)");
    format!("BEGIN ISOLATION LEVEL {isolation}; {name}")
}

/// Waits until no other request with this key runs, and holds it until the end of the transaction.
pub(crate) fn take(Key { org, subject, key }: &Key) -> Sql {
    let mut sql = Sql::new("SELECT pg_advisory_xact_lock(hashtextextended(");
    sql.text(format!("{org}\n{subject}\n{key}")).push(", 0))");
    sql
}

/// The statement of this text and these values.
pub(crate) fn query(sql: Sql) -> Result<Statement, Fail> {
    let mut arguments = PgArguments::default();
    for value in sql.values {
        match value {
            Value::BigInt(int) => arguments.add(int),
            Value::String(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
            other => return Err(Fail::broken(format!("no column takes {other:?}"))),
        }
        .map_err(|cause| Fail::broken(cause))?;
    }
    Ok(Statement::new(sql.text, arguments))
}

/// Many rows in one statement, column by column: its text is the same however many they are, and a row costs the server
/// no parameters.
pub(crate) fn insert(insert: &Insert) -> Result<Statement, Fail> {
    let names: Vec<&str> = insert.columns.iter().map(|(name, _)| name.as_str()).collect();
    let (mut arguments, mut places) = (PgArguments::default(), Vec::new());
    for (i, (_, ty)) in insert.columns.iter().enumerate() {
        let cells = insert.rows.iter().map(|row| row.get(i));
        let (ty, added) = match ty {
            ColumnType::Int => ("bigint", arguments.add(cells.map(int).collect::<Vec<_>>())),
            ColumnType::Text => ("text", arguments.add(cells.map(text).collect::<Vec<_>>())),
        };
        added.map_err(|cause| Fail::broken(cause))?;
        places.push(format!("${}::{ty}[]", i + 1));
    }
    let Insert { table, then, .. } = insert;
    let (names, places) = (names.join(", "), places.join(", "));
    let text = format!("INSERT INTO \"{table}\" ({names}) SELECT * FROM unnest({places}){then}");
    Ok(Statement::new(text, arguments))
}

fn int(cell: Option<&Cell>) -> Option<i64> {
    if let Some(Cell::Int(int)) = cell { Some(*int) } else { None }
}

fn text(cell: Option<&Cell>) -> Option<&str> {
    if let Some(Cell::Text(text)) = cell { Some(text) } else { None }
}

/// The cells of a row of these columns. What type each column has is known, and not asked of every row again.
pub(crate) fn cells(row: &PgRow, columns: &[(String, ColumnType)]) -> Result<Vec<Cell>, Fail> {
    let cell = |(i, (name, ty)): (usize, &(String, ColumnType))| {
        let value = row.try_get_raw(i)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let cell = match ty {
            ColumnType::Int => <i64 as Decode<Postgres>>::decode(value).map(Cell::Int),
            ColumnType::Text => <String as Decode<Postgres>>::decode(value).map(Cell::Text),
        };
        cell.map_err(|cause| Fail::broken(format!("column {name}: {cause}")))
    };
    columns.iter().enumerate().map(cell).collect()
}
