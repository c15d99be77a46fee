//! Reading resources, lists and catalogues.

pub(crate) mod catalogues;
pub(crate) mod export;
#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod read;
pub(crate) mod token;

pub(crate) use self::read::*;
