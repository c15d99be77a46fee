//! Streams of contents and records.

pub mod blob;
pub(crate) mod upload;
