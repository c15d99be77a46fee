//! Resources about a subject, such as comments and attachments.

pub(crate) mod attachment;
pub(crate) mod sniff;
pub(crate) mod subject;
