//! The columns of a kind, and reading rows of them in the cheapest way of each database.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use steerco_domain::field::{Cell, Cells, ColumnType};
use steerco_domain::resource::Kind;
use steerco_domain::{AnyBox, KINDS, RECORDS, Resource};

use crate::conn::Conn;
use crate::fail::Fail;
use crate::postgres;
use crate::row::{Row, Values};
use crate::sql::Sql;

/// Columns by name, and as listed in a statement.
pub(crate) struct Columns {
    pub(crate) all: Vec<(String, ColumnType)>,
    /// `t.a, t.b, t.c`
    list: String,
}

impl Columns {
    pub(crate) fn new(all: Vec<(String, ColumnType)>) -> Self {
        let list = all.iter().map(|(name, _)| format!("t.{name}")).collect::<Vec<_>>().join(", ");
        Self { all, list }
    }

    /// The columns of a kind in the order of its declaration.
    pub(crate) fn of(kind: &Kind) -> &'static Self {
        &OF_KINDS[kind.name].now
    }

    /// The columns in history, followed by the log entries that wrote and ended the version.
    pub(crate) fn of_history(kind: &Kind) -> &'static Self {
        &OF_KINDS[kind.name].history
    }
}

struct OfKind {
    now: Columns,
    history: Columns,
}

static OF_KINDS: LazyLock<HashMap<&'static str, OfKind>> = LazyLock::new(|| {
    let of_kind = |kind: &&'static Kind| {
        let all: Vec<_> = kind.columns().map(|(name, ty, _)| (name, ty)).collect();
        let span = ["seq", "until_seq"].map(|name| (name.to_owned(), ColumnType::Int));
        let history = Columns::new(all.iter().cloned().chain(span).collect());
        (kind.name, OfKind { now: Columns::new(all), history })
    };
    KINDS.iter().chain(RECORDS).map(of_kind).collect()
});

impl Conn {
    /// Rows of these columns of `t`; `rest` is the statement from its FROM on.
    pub(crate) async fn rows(&self, columns: &Columns, rest: Sql) -> Result<Vec<Vec<Cell>>, Fail> {
        self.rows_of(columns, rest).await.map(|(rows, _)| rows)
    }

    /// The same with the text of the statement, for rows that cannot be read.
    async fn rows_of(&self, columns: &Columns, rest: Sql) -> Result<(Vec<Vec<Cell>>, String), Fail> {
        let sql = Sql { text: format!("SELECT {}{}", columns.list, rest.text), values: rest.values };
        if let Some(rows) = self.cells(&sql).await? {
            return Ok((rows, sql.text));
        }
        let mut text = String::new();
        let mut found = Vec::new();
        for Row { values, statement } in self.all(sql).await? {
            let Values::Postgres(row) = values else { return Err(Fail::broken("a row of SQLite from PostgreSQL")) };
            found.push(postgres::cells(&row, &columns.all).map_err(|fail| fail.in_statement(&statement))?);
            // The last row has it alone.
            text = Arc::try_unwrap(statement).unwrap_or_default();
        }
        Ok((found, text))
    }
}

/// A version of a resource and its span: the log entries that wrote and ended it.
pub(crate) struct Version {
    pub(crate) resource: AnyBox,
    pub(crate) seq: i64,
    pub(crate) until: i64,
}

impl Conn {
    /// Resources of these rows.
    pub(crate) async fn resources<R: Resource>(&self, rest: Sql) -> Result<Vec<R>, Fail> {
        let (rows, text) = self.rows_of(Columns::of(R::KIND), rest).await?;
        let load = |row| R::load(&mut Cells::new(row)).map_err(|corrupt| Fail::from(corrupt).in_statement(&text));
        rows.into_iter().map(load).collect()
    }

    /// The same for a kind that is determined at run time.
    pub(crate) async fn any(&self, kind: &'static Kind, rest: Sql) -> Result<Vec<AnyBox>, Fail> {
        let (rows, text) = self.rows_of(Columns::of(kind), rest).await?;
        let load =
            |row| (kind.make.load)(&mut Cells::new(row)).map_err(|corrupt| Fail::from(corrupt).in_statement(&text));
        rows.into_iter().map(load).collect()
    }

    /// Versions of these history rows.
    pub(crate) async fn versions(&self, kind: &'static Kind, rest: Sql) -> Result<Vec<Version>, Fail> {
        let (rows, text) = self.rows_of(Columns::of_history(kind), rest).await?;
        let broken = || Fail::broken("a version has no span");
        let version = |row| {
            let mut cells = Cells::new(row);
            let load = (kind.make.load)(&mut cells);
            let resource = load.map_err(|corrupt| Fail::from(corrupt).in_statement(&text))?;
            let (seq, until) = cells.int().zip(cells.int()).ok_or_else(broken)?;
            Ok(Version { resource, seq, until })
        };
        rows.into_iter().map(version).collect()
    }
}
