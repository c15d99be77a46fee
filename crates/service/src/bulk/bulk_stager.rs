//! Stages the records of a stream of upserts outside of memory as they arrive, in pieces that are written together.

use std::collections::HashSet;

use futures::{Stream, StreamExt};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Reason};

use crate::actuals_stream::STREAM_BYTES_MAX;
use crate::bulk_records::{Part, Record, RecordResult, TOLD_MAX};
use crate::staging::Staged;

/// Maximum number of records in a stream.
const RECORDS_MAX: u32 = 1_000_000;
/// Number of records that are looked up and written together.
const PIECE: usize = 1_000;
/// Bytes after which a piece is full.
const PIECE_BYTES: usize = 2 << 20;
/// Maximum number of pieces of a stream. A piece ends before a record that refers to a record of the same piece, so that
/// the referenced record is already written.
const PIECES_MAX: i64 = 20_000;

/// Stages records outside of memory as they arrive.
pub(crate) struct Stager {
    pub(crate) staged: Staged,
    source: String,
    waiting: Vec<(u32, Record)>,
    bytes: usize,
    total: u64,
    /// The external ids of the waiting records.
    ids: HashSet<String>,
    pub(crate) digest: Sha256,
}

impl Stager {
    pub(crate) fn new(staged: Staged, source: &str) -> Self {
        let source = source.to_owned();
        Self { staged, source, waiting: Vec::new(), bytes: 0, total: 0, ids: HashSet::new(), digest: Sha256::new() }
    }

    /// Reads all parts; records that cannot be parsed are returned.
    pub(crate) async fn read(
        &mut self,
        kind: &'static Kind,
        whole: bool,
        parts: &mut (dyn Stream<Item = Result<Part, Error>> + Send + Unpin),
    ) -> Result<Vec<RecordResult>, Error> {
        let (mut count, mut ended, mut refused) = (0_u32, false, Vec::new());
        while let Some(part) = parts.next().await {
            if ended {
                return Err(Error::new(Reason::Malformed, "nothing may follow the end of the records"));
            }
            match part? {
                Part::End(said) if said == u64::from(count) => ended = true,
                Part::End(said) => {
                    let detail = format!("the end announces {said} records, but {count} arrived");
                    return Err(Error::fault("/end/count", "DOES_NOT_FIT", detail));
                }
                Part::Record(..) if count == RECORDS_MAX => {
                    let detail = format!("a stream may have at most {RECORDS_MAX} records");
                    return Err(Error::new(Reason::TooLarge, detail));
                }
                Part::Record(line, Ok(record)) => {
                    count += 1;
                    self.add(kind, line, record).await?;
                }
                Part::Record(line, Err(error)) => {
                    count += 1;
                    self.digest.update(format!("[{line}]"));
                    refused.push(RecordResult { line, done: Err(Box::new(error)) });
                    if whole && refused.len() == TOLD_MAX {
                        return Ok(refused);
                    }
                }
            }
        }
        if !ended {
            let detail = "the records ended without an end line, and nothing was written: the last line must be \
                                      {\"end\": {\"count\": N}}";
            return Err(Error::new(Reason::Malformed, detail));
        }
        self.flush().await?;
        Ok(refused)
    }

    async fn add(&mut self, kind: &'static Kind, line: u32, record: Record) -> Result<(), Error> {
        let text = json!([record.external_id, record.source_version, record.body]).to_string();
        self.digest.update((text.len() as u64).to_le_bytes());
        self.digest.update(&text);
        let full = self.waiting.len() == PIECE || self.bytes > PIECE_BYTES;
        if full || self.ids.contains(&record.external_id) || self.names_waiting(kind, &record.body) {
            self.flush().await?;
        }
        self.bytes += text.len();
        self.total += text.len() as u64;
        if self.total > STREAM_BYTES_MAX {
            return Err(Error::new(Reason::TooLarge, format!("the records may have at most {STREAM_BYTES_MAX} bytes")));
        }
        self.ids.insert(record.external_id.clone());
        self.waiting.push((line, record));
        Ok(())
    }

    /// Whether the body refers to a waiting record.
    fn names_waiting(&self, of: &'static Kind, body: &Map<String, Value>) -> bool {
        let mut named = Vec::new();
        crate::crosswalk::collect(of.fields, body, &mut named);
        named.iter().any(|(kind, reference)| {
            kind.name == of.name
                && reference.source.as_str() == self.source
                && self.ids.contains(reference.external_id.as_str())
        })
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.staged.pieces == PIECES_MAX {
            let detail = "too many records refer to a record directly before them: send referenced records first";
            return Err(Error::new(Reason::TooLarge, detail));
        }
        let piece = serde_json::to_vec(&self.waiting).map_err(|cause| Error::internal(cause))?;
        self.waiting.clear();
        self.ids.clear();
        self.bytes = 0;
        self.staged.add(piece.into()).await
    }
}
