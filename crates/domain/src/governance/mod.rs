//! What is said of resources and attached to them.

pub mod attachment;
pub mod comment;
