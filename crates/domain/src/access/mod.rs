//! Access: permissions, grants and accounts.

#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod access;
pub(crate) mod access_rows;
pub(crate) mod access_table;
pub mod authority_limit;
pub mod grant;
pub mod principal;
pub mod service_account;

pub use self::access::*;
