//! Reports of runs: one JSON line per record, staged in pieces of a fixed number of records, so that any page is found
//! directly.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use steerco_derive::answer;
use steerco_domain::error::{Error, Fault};
use steerco_domain::hex::hex;
use steerco_domain::import_job::{ImportCounts, ImportOutcome};

use crate::Service;
use crate::attachment::Download;
use crate::staging::Staged;

/// Number of records in a piece.
const PIECE_RECORDS: usize = 1_000;

/// Outcome of an import record; in a dry run the expected outcome.
#[answer]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// Number of the record in the report, from 1.
    #[field(min = 1)]
    pub record: i32,
    /// Place of the record in the file, such as `row 7` or `task 12`.
    pub place: String,
    /// Kind of the resource; absent when no kind can store the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Identifier of the record in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Outcome of the record.
    pub outcome: ImportOutcome,
    /// Id of the resource; absent when there is none, and when a dry run would create it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Data of the record that is not stored, or not stored unchanged.
    pub notes: Vec<Fault>,
    /// Why the record was rejected.
    pub errors: Vec<Fault>,
}

/// A report while it is written.
pub(super) struct Report {
    staged: Staged,
    digest: Sha256,
    size: i64,
    waiting: Vec<u8>,
    lines: usize,
    pub(super) counts: ImportCounts,
}

/// A completely staged report.
pub(super) struct Whole {
    pub(super) staged: Staged,
    pub(super) sha256: String,
    pub(super) size: i64,
    pub(super) counts: ImportCounts,
}

impl Report {
    /// A new report. Its first line has the id of the run, so that no other content has the same digest.
    pub(super) fn new(staged: Staged, run: &str) -> Self {
        let waiting = format!("{}\n", serde_json::json!({"run": run})).into_bytes();
        let counts = ImportCounts::default();
        Self { staged, digest: Sha256::new(), size: 0, waiting, lines: 0, counts }
    }

    pub(super) async fn add(&mut self, mut record: ImportRecord) -> Result<(), Error> {
        let counts = &mut self.counts;
        counts.records += 1;
        record.record = counts.records;
        let count = match record.outcome {
            ImportOutcome::Created => &mut counts.created,
            ImportOutcome::Updated => &mut counts.updated,
            ImportOutcome::Unchanged => &mut counts.unchanged,
            ImportOutcome::Refused => &mut counts.refused,
            ImportOutcome::Lost => &mut counts.lost,
        };
        *count += 1;
        counts.notes = counts.notes.saturating_add(i32::try_from(record.notes.len()).unwrap_or(i32::MAX));
        serde_json::to_writer(&mut self.waiting, &record).map_err(|cause| Error::internal(cause))?;
        self.waiting.push(b'\n');
        self.lines += 1;
        if self.lines == PIECE_RECORDS { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let piece = std::mem::take(&mut self.waiting);
        self.lines = 0;
        self.digest.update(&piece);
        self.size += i64::try_from(piece.len()).unwrap_or_default();
        self.staged.add(piece.into()).await
    }

    pub(super) async fn end(mut self) -> Result<Whole, Error> {
        if !self.waiting.is_empty() {
            self.flush().await?;
        }
        let sha256 = hex(&self.digest.finalize());
        Ok(Whole { staged: self.staged, sha256, size: self.size, counts: self.counts })
    }
}

/// Records of a report after a number.
pub(super) async fn page(
    service: &Service,
    report: &Download,
    after: usize,
    size: usize,
    records: i32,
) -> Result<(Vec<ImportRecord>, Option<i32>), Error> {
    let all = usize::try_from(records).unwrap_or_default();
    let (mut found, mut at) = (Vec::new(), after);
    while found.len() < size && at < all {
        let piece = service.piece(report, (at / PIECE_RECORDS) as u64).await?;
        let first = usize::from(at < PIECE_RECORDS);
        let lines = piece.split(|byte| *byte == b'\n').skip(first + at % PIECE_RECORDS).filter(|line| !line.is_empty());
        let before = found.len();
        for line in lines.take(size - found.len()) {
            found.push(
                serde_json::from_slice(line)
                    .map_err(|cause| Error::internal(format!("a report cannot be read: {cause}")))?,
            );
        }
        if found.len() == before {
            break;
        }
        at = after + found.len();
    }
    let more = (at < all).then(|| i32::try_from(at).unwrap_or(i32::MAX));
    Ok((found, more))
}
