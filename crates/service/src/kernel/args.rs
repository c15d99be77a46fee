//! What a request says beside its body, the same over both doors.

use steerco_domain::Error;
use steerco_domain::id::Id;
use steerco_domain::program::Program;
use steerco_domain::text::{Code, Text};
use steerco_domain::time::Instant;

use crate::Caller;

/// How one resource is read.
#[derive(Clone, Debug, Default)]
pub struct ReadArgs {
    /// As the service knew it at this instant.
    pub as_of: Option<Instant>,
    /// As it held at this instant, for dated resources.
    pub valid_at: Option<Instant>,
    /// Names of the fields wanted, comma separated; all when absent.
    pub fields: Option<String>,
}

/// How a list is read.
#[derive(Clone, Debug, Default)]
pub struct ListArgs {
    pub filter: Option<String>,
    pub order_by: Option<String>,
    pub page_size: Option<i64>,
    pub page_token: Option<String>,
    pub include_total: bool,
    pub show_deleted: bool,
    pub read: ReadArgs,
}

/// How the feed is read.
#[derive(Clone, Debug, Default)]
pub struct EventArgs {
    /// Cursor of the last event already read, or a `sync_token` of a list; from the beginning when absent.
    pub after: Option<String>,
    /// What happened from this instant on, instead of after a cursor.
    pub since: Option<Instant>,
    /// The consumer whose place and filter are read by.
    pub consumer: Option<String>,
    pub filter: EventFilter,
    pub page_size: Option<i64>,
}

impl EventArgs {
    /// A consumer has a filter of its own.
    pub(crate) fn refuse_beside_consumer(&self) -> Result<(), Error> {
        if self.filter == EventFilter::default() {
            return Ok(());
        }
        let detail = "a consumer has its own filter: change the consumer, or leave the other conditions away";
        Err(Error::fault("?consumer_id", "DOES_NOT_FIT", detail))
    }
}

/// What of the feed is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Kinds of resources, such as `risk`; all when empty.
    pub kinds: Vec<String>,
    /// Types of events, such as `risk.assess`; all when empty.
    pub event_types: Vec<String>,
    /// Programs to which resources must belong; all in sight when empty.
    pub program_ids: Vec<String>,
    /// Labels that resources must bear, all of them: each a key, or `key=value`.
    pub with_labels: Vec<String>,
    /// Leave out what this source wrote itself.
    pub exclude_source: Option<String>,
}

impl EventFilter {
    /// The filter that a reader was declared with.
    pub(crate) fn of(
        kinds: &[Text<64>],
        event_types: &[Text<128>],
        program_ids: &[Id<Program>],
        with_labels: &[Text<264>],
        exclude_source: Option<&Code>,
    ) -> Self {
        Self {
            kinds: kinds.iter().map(ToString::to_string).collect(),
            event_types: event_types.iter().map(ToString::to_string).collect(),
            program_ids: program_ids.iter().map(ToString::to_string).collect(),
            with_labels: with_labels.iter().map(ToString::to_string).collect(),
            exclude_source: exclude_source.map(|source| source.as_str().to_owned()),
        }
    }
}

/// What a digest is made over.
#[derive(Clone, Debug, Default)]
pub struct DigestArgs {
    /// Kinds of resources; all that the caller may read when empty.
    pub kinds: Vec<String>,
    /// Condition as in the list of the one kind named.
    pub filter: Option<String>,
    pub show_deleted: bool,
    /// Cursor of the feed up to which things are meant; now when absent.
    pub at: Option<String>,
}

/// Everything about a write beside its body.
#[derive(Clone)]
pub struct Context {
    pub caller: Caller,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    pub validate_only: bool,
    /// From when on the change holds, for dated resources; now when absent.
    pub effective_at: Option<Instant>,
}

impl Context {
    /// Where there is no one resource to have an ETag: a condition that nobody looks at is no condition.
    pub(crate) fn refuse_etag(&self) -> Result<(), Error> {
        let detail = "this write is not about one resource that is there, so there is no ETag to match";
        self.if_match.as_ref().map_or(Ok(()), |_| Err(Error::fault("If-Match", "DOES_NOT_FIT", detail)))
    }
}
