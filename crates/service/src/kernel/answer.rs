//! Results of reads and writes.

use steerco_domain::mask::Mask;
use steerco_domain::{AnyBox, Error, Resource};

/// Outcome of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// A newer version of the source is already stored.
    Stale,
    Deleted,
    Undeleted,
    /// Written to history only; the current state is unchanged.
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

/// The result of a write.
#[derive(Clone, Debug)]
pub struct Written<R = AnyBox> {
    pub seen: Seen<R>,
    pub outcome: Outcome,
    /// Whether this is a replay of the stored response to an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Written {
    pub fn typed<R: Resource>(self) -> Result<Written<R>, Error> {
        Ok(Written { seen: self.seen.typed()?, outcome: self.outcome, replayed: self.replayed })
    }
}

/// The result of a batch: one result per item, in order. Unless `partial`, one rejected item rejects the whole batch, and
/// the pointers of the errors begin with the item, such as `/items/17`.
#[derive(Clone, Debug)]
pub struct BatchResult {
    pub results: Vec<Result<Written, Error>>,
    pub replayed: bool,
}

/// A resource as the caller sees it.
#[derive(Clone, Debug)]
pub struct Seen<R = AnyBox> {
    pub resource: R,
    /// Fields that are visible to the caller and requested.
    pub mask: Mask,
    /// Strong validator over the fields visible to the caller, without quotes.
    pub etag: String,
    /// Whether `fields` reduced the response.
    pub trimmed: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<R = AnyBox> {
    pub items: Vec<R>,
    /// Fields that are visible to the caller and requested, in every item.
    pub mask: Mask,
    pub next_page_token: Option<String>,
    pub total: Option<i64>,
    /// Cursor of the feed after which the changes since this list follow.
    pub sync_token: String,
    pub trimmed: bool,
}

impl Seen {
    pub(crate) fn typed<R: Resource>(self) -> Result<Seen<R>, Error> {
        let Self { resource, mask, etag, trimmed } = self;
        Ok(Seen { resource: resource.typed()?, mask, etag, trimmed })
    }
}

/// A part of a numbered list and, if there are more items, the number after which the next part begins.
pub type PartOf<T> = (Vec<T>, Option<i32>);
