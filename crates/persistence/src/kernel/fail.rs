//! What a statement can fail with, and what of it a caller may know.

use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Fault, KINDS, Reason, find_kind};

/// Why a statement failed.
#[derive(Debug)]
pub enum Fail {
    /// A refusal of the domain.
    Refused(Error),
    /// A unique index or foreign key said no: the name of what did.
    Constraint(String),
    /// The database cannot be reached, or another transaction was in the way.
    Away(String),
    /// Anything else; logged, never sent.
    Broken(String),
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<DbErr> for Fail {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(text) | SqlErr::ForeignKeyConstraintViolation(text)) =
            error.sql_err()
        {
            return Self::Constraint(text);
        }
        let text = error.to_string();
        if is_away(&error, &text) { Self::Away(text) } else { Self::Broken(text) }
    }
}

impl From<sqlx::Error> for Fail {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))).into()
    }
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error().map(|error| (error.code, error.extended_code)) {
            Some((
                _,
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
            )) => Self::Constraint(text),
            Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen, _)) => Self::Away(text),
            _ => Self::Broken(text),
        }
    }
}

impl From<steerco_domain::field::Corrupt> for Fail {
    fn from(corrupt: steerco_domain::field::Corrupt) -> Self {
        Self::Broken(corrupt.0)
    }
}

/// Deadlock, lock timeout, shutdown, too many connections; SQLite busy.
const PASSING: &[&str] = &["40P01", "40001", "55P03", "57P01", "57P02", "57P03", "53300", "25006", "5", "6", "517"];

fn is_away(error: &DbErr, text: &str) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(inner))
    | DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))) = error
    else {
        return matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || text.contains("Connection");
    };
    match &**inner {
        sqlx::Error::Database(database) => database.code().is_some_and(|code| PASSING.contains(&code.as_ref())),
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_) => true,
        _ => false,
    }
}

impl Fail {
    /// Whether the same transaction may succeed if it is run again at once.
    pub fn is_collision(&self) -> bool {
        matches!(self, Self::Away(text) if text.contains("deadlock") || text.contains("serialize"))
    }

    /// The refusal a caller sees. The cause is logged here and goes no further.
    pub fn into_error(self) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Constraint(name) => constraint(&name),
            Self::Away(cause) if cause.contains("lock timeout") => {
                let detail = "the first request with this idempotency key, or a change to the same rows, still runs";
                Error { retry_after: Some(1), ..Error::new(Reason::KeyInUse, detail) }
            }
            Self::Away(cause) => {
                tracing::warn!(cause, "database away");
                Error::unavailable("the database cannot be reached; nothing was changed")
            }
            Self::Broken(cause) => {
                tracing::error!(cause, "database failed");
                Error::internal()
            }
        }
    }
}

/// A race that the checks before could not see: another request was first.
fn constraint(text: &str) -> Error {
    if text.to_lowercase().contains("foreign key") {
        return Error::fault("", "NOT_FOUND", "something this refers to does not exist");
    }
    if text.contains("external_ref") {
        return Error::new(Reason::AlreadyExists, "another resource has this external reference");
    }
    let detail = "another resource has the same value in a field that is unique";
    let fault = |field: &str| Fault::new(format!("/{field}"), "ALREADY_EXISTS", detail);
    Error { faults: fields_of(text).into_iter().map(fault).collect(), ..Error::new(Reason::AlreadyExists, detail) }
}

/// The fields of the index that said no. SQLite lists its columns; on PostgreSQL it is named by its table and them.
fn fields_of(text: &str) -> Vec<&'static str> {
    if let Some((_, columns)) = text.split_once("UNIQUE constraint failed: ") {
        let field = |column: &str| {
            let (table, name) = column.split_once('.')?;
            let (.., field) = find_kind(table)?.columns().find(|(column, ..)| column.as_str() == name)?;
            Some(field.name)
        };
        return columns.split(", ").filter_map(field).collect();
    }
    let Some(index) = text.split('"').nth(1) else { return Vec::new() };
    let mut tables = KINDS.iter().filter_map(|kind| Some((*kind, index.strip_prefix(kind.name)?.strip_prefix('_')?)));
    tables.find_map(|(kind, names)| all_named(kind, names)).unwrap_or_default()
}

/// The fields of the columns that stand here, joined by underscores; `None` where anything else does.
fn all_named(kind: &'static Kind, mut names: &str) -> Option<Vec<&'static str>> {
    let mut found = Vec::new();
    while !names.is_empty() {
        let columns = kind.columns().filter(|(column, ..)| names.starts_with(column.as_str()));
        let (column, _, field) = columns.max_by_key(|(column, ..)| column.len())?;
        found.push(field.name);
        names = names[column.len()..].trim_start_matches('_');
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_unique_index_are_told() {
        for (text, fields) in [
            (
                "UNIQUE constraint failed: actuals_batch.org, actuals_batch.source, actuals_batch.batch_ref",
                &["source", "batch_ref"][..],
            ),
            (
                "duplicate key value violates unique constraint \"actuals_batch_source_batch_ref\"",
                &["source", "batch_ref"],
            ),
            (
                "duplicate key value violates unique constraint \"authority_limit_role_act_limit_currency\"",
                &["role", "act", "limit"],
            ),
        ] {
            assert_eq!(fields_of(text), fields, "{text}");
        }
        for text in
            ["duplicate key value violates unique constraint \"balance_pkey\"", "UNIQUE constraint failed: index 'a'"]
        {
            assert!(fields_of(text).is_empty(), "{text}");
        }
    }
}
