//! Other systems: sources, imports and exports, feeds, webhooks.

pub(crate) mod calendar_feed;
pub(crate) mod field_owners;
pub(crate) mod import_job;
pub(crate) mod source;
