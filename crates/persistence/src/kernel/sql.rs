//! SQL statements under construction: one text for both databases, values always bound.

use sea_orm::Value;
use steerco_domain::field::{Cell, ColumnType};

/// A statement and its values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends the placeholder of a value.
    fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.value(Value::String(Some(text.into())))
    }

    pub(crate) fn int(&mut self, int: i64) -> &mut Self {
        self.value(Value::BigInt(Some(int)))
    }

    pub(crate) fn bytes(&mut self, bytes: Vec<u8>) -> &mut Self {
        self.value(Value::Bytes(Some(bytes)))
    }

    pub(crate) fn cell(&mut self, cell: &Cell, ty: ColumnType) -> &mut Self {
        match (cell, ty) {
            (Cell::Null, ColumnType::Int) => self.value(Value::BigInt(None)),
            (Cell::Null, ColumnType::Text) => self.value(Value::String(None)),
            (Cell::Int(int), _) => self.int(*int),
            (Cell::Text(text), _) => self.text(text.clone()),
        }
    }

    /// `a, b, c` as placeholders.
    pub(crate) fn texts<S: AsRef<str>>(&mut self, texts: &[S]) -> &mut Self {
        for (i, text) in texts.iter().enumerate() {
            self.push(if i == 0 { "" } else { ", " }).text(text.as_ref());
        }
        self
    }

    /// `VALUES (a), (b), (c)` as placeholders, for use with IN. PostgreSQL without statistics searches a plain list value
    /// by value, but these by hash.
    pub(crate) fn any_of<S: AsRef<str>>(&mut self, texts: &[S]) -> &mut Self {
        for (i, text) in texts.iter().enumerate() {
            self.push(if i == 0 { "VALUES (" } else { ", (" }).text(text.as_ref()).push(")");
        }
        self
    }

    /// `FROM` the rows `t` of a table that match the rest and have one of these values in a column, one row per value.
    ///
    /// PostgreSQL looks the values up one by one. For a table that was just filled, or a new organisation, it has no
    /// statistics; it would then use a list as a filter over all rows, and a batch would cost the square of its lines.
    pub(crate) fn look_up<S: AsRef<str>>(
        &mut self,
        postgres: bool,
        [table, column]: [&str; 2],
        values: &[S],
        rest: impl FnOnce(&mut Self),
    ) -> &mut Self {
        if postgres {
            self.push(" FROM (").any_of(values).push(") v(value) CROSS JOIN LATERAL (SELECT * FROM ").push(table);
            self.push(" WHERE ").push(column).push(" = v.value AND ");
            rest(self);
            return self.push(" LIMIT 1) t");
        }
        self.push(" FROM ").push(table).push(" t WHERE ").push(column).push(" IN (").texts(values).push(") AND ");
        rest(self);
        self
    }
}
