//! Authentication and permissions.

pub mod auth;
pub(crate) mod permissions;
pub(crate) mod service_account;
