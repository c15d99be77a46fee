//! Streams of contents and records.

#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod bulk;
pub(crate) mod bulk_records;
pub(crate) mod bulk_stager;
pub(crate) mod staging;

pub use self::bulk::*;
