//! Contents and records in streams.

pub mod blob;
pub(crate) mod upload;
