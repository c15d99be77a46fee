//! Notes, attachments and other resources that belong to a subject.

pub(crate) mod attachment;
pub(crate) mod sniff;
pub(crate) mod subject;
