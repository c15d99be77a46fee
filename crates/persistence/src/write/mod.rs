//! The write path: all changes go through it.

pub mod effect;
pub mod flush;
pub mod idempotency;
pub mod log;
pub mod plan;
pub mod verify;
pub(crate) mod writer;
