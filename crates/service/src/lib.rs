//! The application layer: every read starts with `authorise`, every change goes through `execute`.
//!
//! REST, gRPC, the command line, imports and jobs call the functions of [`Service`] only. This crate does not know HTTP
//! status lines or protobuf; it knows operations, callers and the log. Time, ids and randomness come from [`clock`].
//!
//! Functions generic over the kind (`<R: Resource>`) are compiled for each kind, and an `async fn` again wherever it is
//! awaited. Code that is the same for all kinds therefore takes `dyn AnyResource`, and large functions return a
//! `BoxFuture`.
//!
//! To add an operation: add a row to `domain::access_table`, then an [`operation::Operation`] in the file of its
//! resource, with the function that runs it. A write passes a decision to `execute`. Additions of a kind to each of its
//! writes are `hooks`, declared in the file of the kind and listed in the table of `features`; the write path itself is
//! generic.

#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "an area hands on its modules"))]

mod access;
mod bulk;
mod feed;
mod governance;
mod integration;
mod kernel;
mod ledger;
mod partners;
mod portfolio;
mod read;
mod write;

// Names of modules are unique in the crate, so paths leave the area out.
pub use access::*;
pub(crate) use bulk::*;
pub(crate) use feed::*;
pub(crate) use governance::*;
pub(crate) use integration::*;
pub use kernel::*;
pub(crate) use ledger::*;
pub(crate) use partners::*;
pub(crate) use portfolio::*;
pub(crate) use read::*;
pub(crate) use write::*;

pub use actuals_batch::{PostedActualsBatch, PostedBatch};
pub use actuals_stream::STREAM_BYTES_MAX;
pub use answer::{BatchResult, Outcome, Page, PartOf, Seen, Written};
pub use args::{Context, DigestArgs, EventArgs, EventFilter, ListArgs, ReadArgs};
pub use attachment::Download;
pub use bulk::Upserted;
pub use bulk_records::{Part, Record, RecordResult, UpsertHeader};
pub use calendar_feed::{CalendarText, IssuedAddress};
pub use caller::Caller;
pub use catalogues::{EventType, EventTypeList};
pub use consumer::ConsumerPosition;
pub use digest::{CollectionDigest, Digest};
pub use events::EventPage;
pub use exchange_rate::ImportedExchangeRates;
pub use export::Export;
pub use import_job::{IMPORT_BYTES_MAX, ImportRecord, ImportRecordPage};
pub use line_results::{ActualsResultPage, PurchaseOrderResultPage};
pub use operations::operations;
pub use purchase_order_batch::{TakenOrders, TakenPurchaseOrderBatch};
pub use service::{Service, StopSignal};
pub use service_account::IssuedSecret;
pub use settings::{AttachmentLimits, Settings, WebhookSettings};
pub use staging::UPLOAD_MAX;
pub use statement_of_account::ScorecardArgs;
pub use visibility::Event;
pub use webhook_endpoint::{WebhookAttempt, WebhookDelivery, WebhookDeliveryArgs, WebhookDeliveryPage, WebhookSecret};
pub use write::{AnyVerb, BATCH_MAX, BatchItem};
