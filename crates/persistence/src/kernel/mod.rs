//! Foundation of the other areas: databases, connections, statements.

pub(crate) mod columns;
pub mod conn;
pub mod database;
#[cfg(test)]
pub(crate) mod drafts;
pub(crate) mod fail;
pub(crate) mod filter;
pub(crate) mod head;
pub(crate) mod insert;
pub(crate) mod key;
pub(crate) mod open;
pub(crate) mod postgres;
pub mod query;
pub(crate) mod row;
pub(crate) mod sql;
pub(crate) mod sqlite;
pub(crate) mod statement;
