//! The one way in: every read starts with `authorise`, every change goes through `execute`.
//!
//! Both doors, the command line, imports and jobs call the functions of [`Service`] and nothing else. This crate must
//! never know HTTP status lines or protobuf; it knows operations, callers and the log. The clock, ids and randomness
//! come from [`clock`].
//!
//! What is written over every kind (`<R: Resource>`) is compiled for each of them, and an `async fn` again wherever it is
//! awaited. So what is the same for all takes `dyn AnyResource`, and what is large answers a `BoxFuture`.
//!
//! To add an operation: a row in `domain::access`, then an [`operation::Operation`] in the file of its resource, with the
//! function that does it; a write hands a decision to `execute`.

mod acceptance;
mod accruals;
mod actuals;
mod actuals_fates;
mod actuals_maker;
mod actuals_orders;
mod actuals_periods;
mod actuals_progress;
mod actuals_sent;
mod amending;
pub mod args;
pub mod auth;
mod bridge;
mod budget_control;
mod budgeting;
mod bulk;
mod bulk_stager;
mod calendar_feeds;
mod catalogues;
mod checks;
mod claims;
pub mod clock;
mod closing;
mod coding;
mod commitments;
mod consult;
mod consumers;
mod content;
mod crosswalk;
mod decide;
mod deeming;
mod digest;
mod events;
mod exchange;
mod execute;
mod export;
mod family;
mod financials;
mod fingerprint;
mod forecasting;
mod graph;
mod held;
mod hidden;
mod import;
mod importing;
mod inherit;
mod invoicing;
mod kept;
mod known;
mod ocds;
pub mod operation;
mod operations;
pub mod operator;
mod ownership;
pub mod parameter;
mod prices;
mod progress;
mod purchase_order_desk;
mod purchase_orders;
mod read;
mod reclassify;
mod reconciliation;
mod results;
mod reviewing;
mod schedule;
mod service;
mod service_accounts;
mod settings;
mod settlement;
mod sight;
mod sniff;
mod spreading;
mod subject;
mod token;
mod webhooks;
mod write;

pub use actuals::{PostedActualsBatch, PostedBatch};
pub use args::{Context, DigestArgs, EventArgs, EventFilter, ListArgs, ReadArgs};
pub use bulk::{Part, Record, RecordResult, UpsertHeader, Upserted};
pub use calendar_feeds::{CalendarText, IssuedAddress};
pub use catalogues::{EventType, EventTypeList};
pub use consumers::ConsumerPosition;
pub use content::{AttachmentLimits, Download, UPLOAD_MAX};
pub use digest::{CollectionDigest, Digest};
pub use events::{Event, EventPage};
pub use exchange::ImportedExchangeRates;
pub use export::Export;
pub use import::STREAM_BYTES_MAX;
pub use importing::{IMPORT_BYTES_MAX, ImportRecord, ImportRecordPage};
pub use operations::operations;
pub use purchase_orders::{TakenOrders, TakenPurchaseOrderBatch};
pub use read::{Page, Seen};
pub use results::{ActualsResultPage, PurchaseOrderResultPage};
pub use service::{Caller, Service, StopSignal};
pub use service_accounts::IssuedSecret;
pub use settings::Settings;
pub use settlement::ScorecardArgs;
pub use webhooks::{
    WebhookAttempt, WebhookDelivery, WebhookDeliveryArgs, WebhookDeliveryPage, WebhookSecret, WebhookSettings,
};
pub use write::{AnyVerb, BATCH_MAX, BatchItem, BatchResult, Outcome, Written};
