//! The only crate that names `sea_orm` and `sqlx`: domain types in, domain types out, on SQLite and PostgreSQL.
//!
//! It must never know a door, a token's format or the rules of a resource. SQL is one text for both databases; a query
//! on resources starts from a [`Scope`], which only [`scope::authorise`] can make, so unscoped SQL does not compile
//! outside this crate.
//!
//! A resource needs nothing here: its columns come from its declaration. To add a table that is not a resource: a
//! migration and a module of plain functions over [`Conn`].

pub mod access;
mod bulk;
mod feed;
mod kernel;
pub mod ledger;
mod partners;
mod portfolio;
mod write;

// Names of modules are unique in a crate: paths leave the area out.
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
