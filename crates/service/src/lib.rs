//! The one way in: every read starts with `authorise`, every change goes through `execute`.
//!
//! Both doors, the command line, imports and jobs call the functions of [`Service`] and nothing else. This crate must
//! never know HTTP status lines or protobuf; it knows operations, callers and the log. The clock, ids and randomness
//! come from [`clock`].
//!
//! What is written over every kind (`<R: Resource>`) is compiled for each of them, and an `async fn` again wherever it is
//! awaited. So what is the same for all takes `dyn AnyResource`, and what is large answers a `BoxFuture`.
//!
//! To add an operation: a row in `domain::access_table`, then an [`operation::Operation`] in the file of its resource, with
//! the function that does it; a write hands a decision to `execute`. What a kind adds to every write of it are `hooks`,
//! which stand in its file and in the table of `features`; the write path itself knows no kind.

mod acceptance;
mod accruals;
mod actuals;
mod actuals_fates;
mod actuals_maker;
mod actuals_orders;
mod actuals_periods;
mod actuals_progress;
mod actuals_resolved;
mod actuals_sent;
mod amending;
mod answer;
pub mod args;
pub mod auth;
mod beside;
mod bridge;
mod budget_control;
mod budgeting;
mod bulk;
mod bulk_records;
mod bulk_stager;
mod calendar_feeds;
mod caller;
mod catalogues;
mod checks;
mod claims;
pub mod clock;
mod closing;
mod coding;
mod command;
mod commitments;
mod consult;
mod consumers;
mod content;
mod crosswalk;
mod decide;
mod deeming;
mod delivery;
mod digest;
mod etag;
mod events;
mod exchange;
mod execute;
mod export;
mod family;
mod features;
mod field_owners;
mod financials;
mod fingerprint;
mod forecasting;
mod graph;
mod held;
mod hidden;
mod hooks;
mod import;
mod importing;
mod inherit;
mod invoicing;
mod kept;
mod known;
mod ocds;
mod open;
pub mod operation;
pub mod operations;
pub mod operator;
mod ownership;
pub mod parameter;
mod permissions;
mod prefetch;
mod prices;
mod progress;
mod purchase_order_desk;
mod purchase_orders;
mod read;
mod reclassify;
mod reconciliation;
mod results;
mod review_case;
mod reviewing;
mod schedule;
mod service;
mod service_accounts;
mod settings;
mod settlement;
mod sight;
mod sniff;
mod sources;
mod spreading;
mod staging;
pub mod standard;
mod standing;
mod subject;
mod token;
mod webhook_guard;
mod webhook_sender;
mod webhooks;
mod write;
mod write_context;

pub use actuals::{PostedActualsBatch, PostedBatch};
pub use answer::{BatchResult, Outcome, Page, PartOf, Seen, Written};
pub use args::{Context, DigestArgs, EventArgs, EventFilter, ListArgs, ReadArgs};
pub use bulk::Upserted;
pub use bulk_records::{Part, Record, RecordResult, UpsertHeader};
pub use calendar_feeds::{CalendarText, IssuedAddress};
pub use caller::Caller;
pub use catalogues::{EventType, EventTypeList};
pub use consumers::ConsumerPosition;
pub use content::Download;
pub use digest::{CollectionDigest, Digest};
pub use events::EventPage;
pub use exchange::ImportedExchangeRates;
pub use export::Export;
pub use import::STREAM_BYTES_MAX;
pub use importing::{IMPORT_BYTES_MAX, ImportRecord, ImportRecordPage};
pub use operations::operations;
pub use purchase_orders::{TakenOrders, TakenPurchaseOrderBatch};
pub use results::{ActualsResultPage, PurchaseOrderResultPage};
pub use service::{Service, StopSignal};
pub use service_accounts::IssuedSecret;
pub use settings::{AttachmentLimits, Settings, WebhookSettings};
pub use settlement::ScorecardArgs;
pub use sight::Event;
pub use staging::UPLOAD_MAX;
pub use webhooks::{WebhookAttempt, WebhookDelivery, WebhookDeliveryArgs, WebhookDeliveryPage, WebhookSecret};
pub use write::{AnyVerb, BATCH_MAX, BatchItem};
