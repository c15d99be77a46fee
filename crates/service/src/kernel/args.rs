//! Arguments of requests outside of the body, the same for REST and gRPC.

use steerco_domain::Error;
use steerco_domain::id::Id;
use steerco_domain::program::Program;
use steerco_domain::text::{Code, Text};
use steerco_domain::time::Instant;

use crate::Caller;

/// Arguments for reading one resource.
#[derive(Clone, Debug, Default)]
pub struct ReadArgs {
    /// As known at this instant.
    pub as_of: Option<Instant>,
    /// As effective at this instant, for dated resources.
    pub valid_at: Option<Instant>,
    /// Names of the fields to return, comma separated; all when absent.
    pub fields: Option<String>,
}

/// Arguments for reading a list.
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

/// Arguments for reading the feed.
#[derive(Clone, Debug, Default)]
pub struct EventArgs {
    /// Cursor of the last event already read, or the `sync_token` of a list; the beginning of the feed when absent.
    pub after: Option<String>,
    /// Reads the events from this instant on, instead of after a cursor.
    pub since: Option<Instant>,
    /// Consumer whose position and filter are used.
    pub consumer: Option<String>,
    pub filter: EventFilter,
    pub page_size: Option<i64>,
}

impl EventArgs {
    /// Rejects filter arguments next to a consumer, because a consumer has its own filter.
    pub(crate) fn refuse_beside_consumer(&self) -> Result<(), Error> {
        if self.filter == EventFilter::default() {
            return Ok(());
        }
        let detail =
            "a consumer has its own filter: change the filter of the consumer, or omit the other filter parameters";
        Err(Error::fault("?consumer_id", "DOES_NOT_FIT", detail))
    }
}

/// Filter of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Kinds of resources, such as `risk`; all when empty.
    pub kinds: Vec<String>,
    /// Types of events, such as `risk.assess`; all when empty.
    pub event_types: Vec<String>,
    /// Programs that the resources must belong to; all visible resources when empty.
    pub program_ids: Vec<String>,
    /// Labels that the resources must all have: each a key, or `key=value`.
    pub with_labels: Vec<String>,
    /// Leaves out changes that this source wrote itself.
    pub exclude_source: Option<String>,
}

impl EventFilter {
    /// The filter that a consumer or endpoint was declared with.
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

/// Arguments of a digest.
#[derive(Clone, Debug, Default)]
pub struct DigestArgs {
    /// Kinds of resources; all that the caller may read when empty.
    pub kinds: Vec<String>,
    /// Filter as in the list of the kind; allowed with exactly one kind.
    pub filter: Option<String>,
    pub show_deleted: bool,
    /// Cursor of the feed for which the digest is computed; now when absent.
    pub at: Option<String>,
}

/// Everything that belongs to a write except its body.
#[derive(Clone)]
pub struct Context {
    pub caller: Caller,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    pub validate_only: bool,
    /// When the change takes effect, for dated resources; now when absent.
    pub effective_at: Option<Instant>,
}

impl Context {
    /// Rejects `If-Match` where no single resource is addressed, so that a precondition is never ignored.
    pub(crate) fn refuse_etag(&self) -> Result<(), Error> {
        let detail = "the precondition is rejected because this write does not address a single existing resource";
        self.if_match.as_ref().map_or(Ok(()), |_| Err(Error::fault("If-Match", "DOES_NOT_FIT", detail)))
    }
}
