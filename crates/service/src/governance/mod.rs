//! What is said of resources and attached to them.

pub(crate) mod attachment;
pub(crate) mod sniff;
pub(crate) mod subject;
