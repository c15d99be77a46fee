//! Failures of statements, and the errors that callers receive for them.

use std::fmt::Display;

use rusqlite::{ErrorCode, ffi};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;
use steerco_domain::resource::Kind;
use steerco_domain::{Cause, Error, Fault, Reason, find_kind};

/// Why a statement failed.
#[derive(Debug)]
pub enum Fail {
    /// A refusal of the domain.
    Refused(Error),
    /// A unique index or foreign key said no.
    Constraint(Violation),
    /// Another transaction held a lock for longer than a statement waits.
    Locked(Cause),
    /// A deadlock, or transactions that cannot be put in an order: the same transaction may succeed at once.
    Collision(Cause),
    /// The database cannot be reached.
    Away(Cause),
    /// A statement was stopped because it took too long.
    Slow(Cause),
    /// Anything else.
    Broken(Cause),
}

/// The constraint that a statement violated.
#[derive(Debug, PartialEq, Eq)]
pub enum Violation {
    ForeignKey,
    /// The table, and the fields of the unique index as far as they are known.
    Unique(String, Vec<&'static str>),
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<DbErr> for Fail {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => of_driver(inner),
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Self::Away(Cause::chain(&error)),
            _ => Self::Broken(Cause::chain(&error)),
        }
    }
}

impl From<sqlx::Error> for Fail {
    fn from(error: sqlx::Error) -> Self {
        of_driver(&error)
    }
}

/// Messages of PostgreSQL follow `lc_messages`. Only the SQLSTATE and the named fields of an error are looked at.
fn of_driver(error: &sqlx::Error) -> Fail {
    let cause = || Cause::chain(error);
    match error {
        sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(postgres) => of_postgres(postgres),
            None => Fail::Broken(cause()),
        },
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_) => Fail::Away(cause()),
        _ => Fail::Broken(cause()),
    }
}

fn of_postgres(error: &PgDatabaseError) -> Fail {
    let code = error.code();
    let cause = Cause::new(format!("SQLSTATE {code}: {}", error.message()));
    match code {
        // foreign_key_violation, restrict_violation
        "23503" | "23001" => Fail::Constraint(Violation::ForeignKey),
        // unique_violation
        "23505" => {
            let (table, index) = (error.table().unwrap_or_default(), error.constraint().unwrap_or_default());
            Fail::Constraint(Violation::Unique(table.to_owned(), fields_of_index(table, index)))
        }
        // lock_not_available
        "55P03" => Fail::Locked(cause),
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Fail::Collision(cause),
        // query_canceled (statement_timeout)
        "57014" => Fail::Slow(cause),
        // read_only_sql_transaction, idle_in_transaction_session_timeout, transaction_timeout, too_many_connections
        "25006" | "25P03" | "25P04" | "53300" => Fail::Away(cause),
        // Connection exceptions, and what an operator does: shutdown, restart, a dropped database.
        _ if code.starts_with("08") || code.starts_with("57P") => Fail::Away(cause),
        _ => Fail::Broken(cause),
    }
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Self {
        let cause = || Cause::chain(&error);
        match error.sqlite_error().map(|error| (error.code, error.extended_code)) {
            Some((_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY)) => Self::Constraint(Violation::ForeignKey),
            Some((_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY)) => {
                let (table, fields) = fields_of_columns(&error.to_string());
                Self::Constraint(Violation::Unique(table, fields))
            }
            Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen, _)) => {
                Self::Away(cause())
            }
            Some((ErrorCode::OperationInterrupted, _)) => Self::Slow(cause()),
            _ => Self::Broken(cause()),
        }
    }
}

impl From<steerco_domain::field::Corrupt> for Fail {
    fn from(corrupt: steerco_domain::field::Corrupt) -> Self {
        Self::broken(corrupt.0)
    }
}

impl Fail {
    /// A fault of the service or its data.
    #[track_caller]
    pub fn broken(cause: impl Display) -> Self {
        Self::Broken(Cause::new(cause))
    }

    /// A database that cannot be used now.
    #[track_caller]
    pub fn away(cause: impl Display) -> Self {
        Self::Away(Cause::new(cause))
    }

    /// The same with the statement that failed.
    #[must_use]
    pub fn in_statement(self, sql: &str) -> Self {
        match self {
            Self::Locked(cause) => Self::Locked(cause.in_statement(sql)),
            Self::Collision(cause) => Self::Collision(cause.in_statement(sql)),
            Self::Away(cause) => Self::Away(cause.in_statement(sql)),
            Self::Slow(cause) => Self::Slow(cause.in_statement(sql)),
            Self::Broken(cause) => Self::Broken(cause.in_statement(sql)),
            other => other,
        }
    }

    /// Whether the same transaction may succeed if it is run again at once.
    pub const fn is_collision(&self) -> bool {
        matches!(self, Self::Collision(_))
    }

    /// The refusal a caller sees, with the cause for the log.
    pub fn into_error(self) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Constraint(violation) => constraint(&violation),
            Self::Locked(cause) => {
                let detail = "the first request with this idempotency key, or a change to the same rows, still runs";
                Error { retry_after: Some(1), ..Error::new(Reason::KeyInUse, detail) }.because(cause)
            }
            Self::Collision(cause) | Self::Away(cause) => {
                Error::unavailable("the database cannot be reached; nothing was changed").because(cause)
            }
            Self::Slow(cause) => {
                let detail = "the statement took longer than 30 seconds and was stopped; nothing was changed. Ask for less: \
                              a narrower filter, a shorter time or a smaller page";
                Error::unavailable(detail).because(cause)
            }
            Self::Broken(cause) => cause.into(),
        }
    }
}

/// A race that the checks before could not see: another request was first.
fn constraint(violation: &Violation) -> Error {
    let fields = match violation {
        Violation::ForeignKey => return Error::fault("", "NOT_FOUND", "something this refers to does not exist"),
        Violation::Unique(table, _) if table == "external_ref" => {
            return Error::new(Reason::AlreadyExists, "another resource has this external reference");
        }
        Violation::Unique(_, fields) => fields,
    };
    let detail = "another resource has the same value in a field that is unique";
    let fault = |field: &&str| Fault::new(format!("/{field}"), "ALREADY_EXISTS", detail);
    Error { faults: fields.iter().map(fault).collect(), ..Error::new(Reason::AlreadyExists, detail) }
}

/// Table and fields of SQLite's `UNIQUE constraint failed: t.a, t.b`, which is in no other language.
fn fields_of_columns(text: &str) -> (String, Vec<&'static str>) {
    let Some((_, columns)) = text.split_once("UNIQUE constraint failed: ") else { return (String::new(), Vec::new()) };
    let columns: Vec<_> = columns.split(", ").filter_map(|column| column.split_once('.')).collect();
    let field = |(table, name): &(&str, &str)| {
        let (.., field) = find_kind(table)?.columns().find(|(column, ..)| column.as_str() == *name)?;
        Some(field.name)
    };
    let table = columns.first().map(|(table, _)| (*table).to_owned());
    (table.unwrap_or_default(), columns.iter().filter_map(field).collect())
}

/// The fields of an index, which on PostgreSQL is named by its table and its columns.
fn fields_of_index(table: &str, index: &str) -> Vec<&'static str> {
    let names = index.strip_prefix(table).and_then(|names| names.strip_prefix('_'));
    find_kind(table).zip(names).and_then(|(kind, names)| all_named(kind, names)).unwrap_or_default()
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
        let columns = "UNIQUE constraint failed: actuals_batch.org, actuals_batch.source, actuals_batch.batch_ref";
        assert_eq!(fields_of_columns(columns), ("actuals_batch".to_owned(), vec!["source", "batch_ref"]));
        assert_eq!(fields_of_columns("UNIQUE constraint failed: index 'a'"), (String::new(), vec![]));
        let fields = fields_of_index("actuals_batch", "actuals_batch_source_batch_ref");
        assert_eq!(fields, ["source", "batch_ref"]);
        let fields = fields_of_index("authority_limit", "authority_limit_role_act_limit_currency");
        assert_eq!(fields, ["role", "act", "limit"]);
        assert!(fields_of_index("balance", "balance_pkey").is_empty());
    }
}
