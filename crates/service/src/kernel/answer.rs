//! What reads and writes answer.

use steerco_domain::mask::Mask;
use steerco_domain::{AnyBox, Error, Resource};

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// The source has written a newer version already.
    Stale,
    Deleted,
    Undeleted,
    /// Written to history only.
    Backfilled,
}

impl Outcome {
    pub const ALL: &'static [Self] =
        &[Self::Created, Self::Updated, Self::Unchanged, Self::Stale, Self::Deleted, Self::Undeleted, Self::Backfilled];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
            Self::Backfilled => "backfilled",
        }
    }
}

/// The answer to a write.
#[derive(Clone, Debug)]
pub struct Written<R = AnyBox> {
    pub seen: Seen<R>,
    pub outcome: Outcome,
    /// The stored answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Written {
    pub fn typed<R: Resource>(self) -> Result<Written<R>, Error> {
        Ok(Written { seen: self.seen.typed()?, outcome: self.outcome, replayed: self.replayed })
    }
}

/// The answer to a batch: one result per item, in order. Unless `partial`, a fault refuses the whole batch, and its
/// pointers begin with `/items/17`.
#[derive(Clone, Debug)]
pub struct BatchResult {
    pub results: Vec<Result<Written, Error>>,
    pub replayed: bool,
}

/// A resource as the caller sees it.
#[derive(Clone, Debug)]
pub struct Seen<R = AnyBox> {
    pub resource: R,
    /// The fields the caller sees and asked for.
    pub mask: Mask,
    /// Strong validator over what this caller sees, without quotes.
    pub etag: String,
    /// Whether `fields` trimmed the answer.
    pub trimmed: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<R = AnyBox> {
    pub items: Vec<R>,
    /// The fields the caller sees and asked for, in every item.
    pub mask: Mask,
    pub next_page_token: Option<String>,
    pub total: Option<i64>,
    /// Cursor of the feed from which everything after this list follows.
    pub sync_token: String,
    pub trimmed: bool,
}

impl Seen {
    pub(crate) fn typed<R: Resource>(self) -> Result<Seen<R>, Error> {
        let Self { resource, mask, etag, trimmed } = self;
        Ok(Seen { resource: resource.typed()?, mask, etag, trimmed })
    }
}

/// A part of a numbered list, and where more follow, the number after which they do.
pub type PartOf<T> = (Vec<T>, Option<i32>);
