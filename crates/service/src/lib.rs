//! The one way in: every read starts with `authorise`, every change goes through `execute`.
//!
//! Both doors, the command line, imports and jobs call the functions of [`Service`] and nothing else. This crate must
//! never know HTTP status lines or protobuf; it knows operations, callers and the log. The clock, ids and randomness
//! come from [`clock`].
//!
//! To add an operation: a row in `domain::access`, then a function here that hands a decision to `execute`.

mod accruals;
mod actuals;
mod actuals_fates;
mod actuals_maker;
mod actuals_periods;
mod actuals_sent;
pub mod args;
pub mod auth;
mod bridge;
mod budgeting;
mod bulk;
mod bulk_stager;
mod checks;
pub mod clock;
mod closing;
mod coding;
mod commitments;
mod consult;
mod content;
mod crosswalk;
mod decide;
mod events;
mod exchange;
mod execute;
mod family;
mod financials;
mod forecasting;
mod graph;
mod hidden;
mod import;
mod inherit;
mod known;
pub mod operator;
mod ownership;
mod progress;
mod read;
mod reclassify;
mod reconciliation;
mod service;
mod sniff;
mod spreading;
mod subject;
mod token;
mod write;

pub use actuals::{PostedBatch, RESULTS_SHOWN};
pub use args::{Context, EventArgs, ListArgs, ReadArgs};
pub use bulk::{Part, Record, RecordResult, UpsertHeader, Upserted};
pub use content::{AttachmentLimits, Download, UPLOAD_MAX};
pub use events::{Event, EventPage};
pub use exchange::ImportedRates;
pub use import::STREAM_BYTES_MAX;
pub use read::{Page, Seen};
pub use service::{Caller, Service, Settings, StopSignal};
pub use steerco_persistence::ledger::LineResult;
pub use write::{BATCH_MAX, BatchItem, BatchResult, Outcome, Written};
