//! Comments on resources and files attached to them.

pub mod attachment;
pub mod comment;
