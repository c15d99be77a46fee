//! The records of a stream of upserts, and their outcomes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use steerco_domain::Error;

use crate::answer::Outcome;

/// Number of rejected records that are returned with every fault, and stored for a replay.
pub(crate) const TOLD_MAX: usize = 1_000;

/// The header of the stream.
#[derive(Clone, Debug)]
pub struct UpsertHeader {
    /// Code of the source of all external references.
    pub source: String,
    /// Whether a rejected record leaves the others unaffected.
    pub partial: bool,
}

/// A record with its external reference.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub external_id: String,
    pub source_version: Option<i64>,
    pub body: Map<String, Value>,
}

/// A part of the stream after the header.
#[derive(Clone, Debug)]
pub enum Part {
    /// The line number, and a record or why it cannot be parsed.
    Record(u32, Result<Record, Error>),
    /// The end, with the number of records sent.
    End(u64),
}

/// The outcome of one record.
#[derive(Clone, Debug)]
pub struct RecordResult {
    pub line: u32,
    /// The outcome and the id of the resource.
    pub done: Result<(Outcome, u128), Box<Error>>,
}
