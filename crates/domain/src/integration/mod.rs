//! Other systems: sources, imports and exports, feeds, webhooks.

pub mod calendar_feed;
pub mod consumer;
pub mod csv_lines;
pub mod export;
pub mod import_job;
pub mod interchange;
pub mod mapping_profile;
pub mod source;
pub mod webhook_endpoint;
