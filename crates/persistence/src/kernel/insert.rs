//! Rows to insert, and their statement.

use steerco_domain::field::{Cell, ColumnType};

use crate::sql::Sql;

/// Rows to insert into one table.
pub(crate) struct Insert {
    pub(crate) table: String,
    pub(crate) columns: Vec<(String, ColumnType)>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// The end of the statement.
    pub(crate) then: &'static str,
}

impl Insert {
    pub(crate) fn new(table: &str, columns: Vec<(String, ColumnType)>, rows: Vec<Vec<Cell>>) -> Self {
        Self { table: table.to_owned(), columns, rows, then: "" }
    }
}

/// `INSERT INTO` for these rows.
pub(crate) fn push_insert(insert: &Insert, rows: &[Vec<Cell>], sql: &mut Sql) {
    sql.push("INSERT INTO \"").push(&insert.table);
    for (i, (name, _)) in insert.columns.iter().enumerate() {
        sql.push(if i == 0 { "\" (" } else { ", " }).push(name);
    }
    for (i, row) in rows.iter().enumerate() {
        sql.push(if i == 0 { ") VALUES (" } else { ", (" });
        for (j, (cell, (_, ty))) in row.iter().zip(&insert.columns).enumerate() {
            sql.push(if j == 0 { "" } else { ", " }).cell(cell, *ty);
        }
        sql.push(")");
    }
    sql.push(insert.then);
}
