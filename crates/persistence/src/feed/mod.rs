//! The feed of changes: events, consumers, webhooks, digests.

pub mod consumer;
pub mod digest;
pub mod lookout;
pub(crate) mod watch;
pub mod webhook;
pub(crate) mod webhook_queue;
