//! A result row of either database.

use std::sync::Arc;

use rusqlite::types::Value;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

use crate::fail::Fail;

/// A result row.
pub(crate) struct Row {
    pub(crate) values: Values,
    /// The text of the statement, for what cannot be read.
    pub(crate) statement: Arc<String>,
}

pub(crate) enum Values {
    Sqlite(Vec<Value>),
    Postgres(PgRow),
}

/// Types that a column can be read as.
pub(crate) trait Column: for<'r> Decode<'r, Postgres> + Type<Postgres> {
    /// The value as stored in SQLite, if it has this type.
    fn of(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Integer(int) = value { Some(*int) } else { None }
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::of(value).map(Some) }
    }
}

impl Row {
    /// The value of a column, counted from 0.
    pub(crate) fn get<T: Column>(&self, at: usize) -> Result<T, Fail> {
        let read = match &self.values {
            Values::Postgres(row) => row.try_get(at).map_err(Fail::from),
            Values::Sqlite(values) => values.get(at).and_then(T::of).ok_or_else(|| {
                let found = values.get(at).map(Value::data_type);
                Fail::broken(format!("column {at} is {found:?}, not {}", std::any::type_name::<T>()))
            }),
        };
        read.map_err(|fail| fail.in_statement(&self.statement))
    }
}
