//! The only crate that names `sea_orm` and `sqlx`: domain types in, domain types out, on SQLite and PostgreSQL.
//!
//! It must never know a door, a token's format or the rules of a resource. SQL is one text for both databases; a query
//! on resources starts from a [`Scope`], which only [`scope::authorise`] can make, so unscoped SQL does not compile
//! outside this crate.
//!
//! A resource needs nothing here: its columns come from its declaration. To add a table that is not a resource: a
//! migration and a module of plain functions over [`Conn`].

pub mod access;
pub mod account;
pub mod accrual;
mod actuals_progress;
mod balance;
pub mod blob;
pub mod budget;
mod columns;
pub mod commitment;
pub mod conn;
pub mod consumer;
pub mod credential;
pub mod database;
pub mod digest;
pub mod effect;
pub mod exchange;
pub mod explanation;
mod fail;
mod filter;
pub mod financials;
pub mod flush;
pub mod forecast;
pub mod graph;
mod head;
pub mod idempotency;
mod insert;
mod key;
pub mod ledger;
mod ledger_verify;
pub mod log;
pub mod lookout;
pub mod ocds;
mod open;
pub mod plan;
mod postgres;
pub mod progress;
pub mod purchase_order;
pub mod query;
pub mod reconciliation;
mod row;
pub mod scope;
mod sql;
mod sqlite;
mod told;
pub mod translation;
mod upload;
pub mod vendor;
pub mod verify;
mod watch;
pub mod webhook;
mod webhook_queue;
mod writer;

pub use access::{Access, AccessGrant, Who};
pub use conn::Conn;
pub use database::Database;
pub use effect::Effect;
pub use fail::Fail;
pub use flush::{Act, Change, ChangeKind, SourceVersion};
pub use idempotency::Remembered;
pub use plan::{Job, Plan};
pub use scope::Scope;
