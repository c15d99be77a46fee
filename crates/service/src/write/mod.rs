//! The write path: all changes go through it.

pub(crate) mod beside;
pub(crate) mod checks;
pub(crate) mod command;
pub(crate) mod consult;
pub(crate) mod crosswalk;
pub(crate) mod decide;
pub(crate) mod etag;
pub(crate) mod execute;
pub(crate) mod family;
pub(crate) mod features;
pub(crate) mod fingerprint;
pub(crate) mod hidden;
pub(crate) mod hooks;
pub(crate) mod inherit;
pub(crate) mod load_for_write;
pub(crate) mod ownership;
pub(crate) mod prefetch;
pub(crate) mod replay;
pub(crate) mod tx_cache;
#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod write;
pub(crate) mod write_context;

pub use self::write::*;
