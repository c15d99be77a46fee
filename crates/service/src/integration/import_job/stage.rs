//! The records of a file, staged outside of memory in pieces that are written together.

use std::collections::HashSet;

use steerco_domain::error::{Error, Reason};
use steerco_domain::find_kind;
use steerco_domain::interchange::Record;

use crate::staging::Staged;

/// Maximum number of records in a piece.
const PIECE: usize = crate::BATCH_MAX;
/// Bytes after which a piece is full.
const PIECE_BYTES: usize = 2 << 20;
/// Maximum number of pieces of a file.
const PIECES_MAX: i64 = 20_000;

/// Stages records as they arrive. A piece has one kind only, and ends before a record that refers to a record of the same
/// piece, so that the referenced record is already written.
pub(super) struct Stager {
    pub(super) staged: Staged,
    source: String,
    /// The waiting records, as JSON, each after a comma.
    waiting: Vec<u8>,
    count: usize,
    kind: Option<&'static str>,
    /// The identifiers of the waiting records.
    ids: HashSet<String>,
}

impl Stager {
    pub(super) fn new(staged: Staged, source: &str) -> Self {
        let source = source.to_owned();
        Self { staged, source, waiting: Vec::new(), count: 0, kind: None, ids: HashSet::new() }
    }

    pub(super) async fn add(&mut self, record: &Record) -> Result<(), Error> {
        let full = self.count == PIECE || self.waiting.len() > PIECE_BYTES;
        let other = record.kind.is_some() && self.kind.is_some() && record.kind != self.kind;
        if full || other || self.names_waiting(record) {
            self.flush().await?;
        }
        if record.kind.is_some() {
            self.kind = record.kind;
            self.ids.insert(record.external_id.clone());
        }
        self.waiting.push(b',');
        serde_json::to_writer(&mut self.waiting, record).map_err(|cause| Error::internal(cause))?;
        self.count += 1;
        Ok(())
    }

    /// Whether it has the identifier of a waiting record, or refers to one.
    fn names_waiting(&self, record: &Record) -> bool {
        let Some(kind) = self.kind.filter(|_| record.kind.is_some()) else { return false };
        if self.ids.contains(&record.external_id)
            || record.links.iter().any(|link| link.kind == kind && self.ids.contains(&link.external_id))
        {
            return true;
        }
        let mut named = Vec::new();
        if let Some(known) = find_kind(kind) {
            crate::crosswalk::collect(known.fields, &record.body, &mut named);
        }
        named.iter().any(|(of, reference)| {
            of.name == kind
                && reference.source.as_str() == self.source
                && self.ids.contains(reference.external_id.as_str())
        })
    }

    /// Stages the waiting records as a piece.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        if self.count == 0 {
            return Ok(());
        }
        if self.staged.pieces == PIECES_MAX {
            let detail = "too many records refer to a record directly before them: put referenced records first";
            return Err(Error::new(Reason::TooLarge, detail));
        }
        let mut piece = std::mem::take(&mut self.waiting);
        piece[0] = b'[';
        piece.push(b']');
        (self.count, self.kind) = (0, None);
        self.ids.clear();
        self.staged.add(piece.into()).await
    }
}

/// The records of a piece.
pub(super) fn records(piece: &[u8]) -> Result<Vec<Record>, Error> {
    serde_json::from_slice(piece)
        .map_err(|cause| Error::internal(format!("a piece of an import cannot be read: {cause}")))
}
