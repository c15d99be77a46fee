//! Authentication data and permissions.

#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod access;
pub mod credential;
pub mod scope;

pub use self::access::*;
