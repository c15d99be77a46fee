//! The feed of changes: events, consumers, webhooks, digests.

pub(crate) mod consumer;
pub(crate) mod digest;
pub(crate) mod events;
pub(crate) mod visibility;
pub(crate) mod webhook_endpoint;
pub(crate) mod webhook_guard;
pub(crate) mod webhook_sender;
