//! The persistence layer: stores domain types in SQLite and PostgreSQL. The only crate that depends on `sea_orm` and
//! `sqlx`.
//!
//! This crate does not know REST, gRPC, token formats or the rules of resources. Each SQL statement has one text for both
//! databases. A query on resources starts from a [`Scope`], which only [`scope::authorise`] can make, so unscoped SQL
//! does not compile outside this crate.
//!
//! A new resource needs no code here: its columns come from its declaration. To add a table that is not a resource, add a
//! migration and a module of plain functions over [`Conn`].

pub mod access;
mod bulk;
mod feed;
mod kernel;
pub mod ledger;
mod partners;
mod portfolio;
mod write;

// Names of modules are unique in the crate, so paths leave the area out.
pub use access::*;
pub use bulk::*;
pub use feed::*;
pub use kernel::*;
pub use ledger::*;
pub use partners::*;
pub use portfolio::*;
pub use write::*;

pub use access::{Access, AccessGrant, Who};
pub use conn::Conn;
pub use database::Database;
pub use effect::Effect;
pub use fail::Fail;
pub use flush::{Act, Change, ChangeKind, SourceVersion};
pub use idempotency::Remembered;
pub use plan::{Job, Plan};
pub use scope::Scope;
