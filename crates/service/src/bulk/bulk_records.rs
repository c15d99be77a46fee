//! The records of a stream of upserts, and what became of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use steerco_domain::Error;

use crate::answer::Outcome;

/// Refusals that are told with every fault, and kept for a repeated request.
pub(crate) const TOLD_MAX: usize = 1_000;

/// What the stream says of all its records.
#[derive(Clone, Debug)]
pub struct UpsertHeader {
    /// Code of the source under whose ids all are written.
    pub source: String,
    /// Whether a record that is refused leaves the others be.
    pub partial: bool,
}

/// A record by the caller's own id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub external_id: String,
    pub source_version: Option<i64>,
    pub body: Map<String, Value>,
}

/// What comes after the header.
#[derive(Clone, Debug)]
pub enum Part {
    /// A record, or why it cannot be read, and its line.
    Record(u32, Result<Record, Error>),
    /// The end, and how many records were sent.
    End(u64),
}

/// What became of one record.
#[derive(Clone, Debug)]
pub struct RecordResult {
    pub line: u32,
    /// What was done, and the id of the resource.
    pub done: Result<(Outcome, u128), Box<Error>>,
}
