//! Risks.

#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod risk;

pub use self::risk::*;
