//! What a request says beside its body, the same over both doors.

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
    /// Kinds of resources wanted, such as `risk`; all when empty.
    pub kinds: Vec<String>,
    /// Leave out what this source wrote itself.
    pub exclude_source: Option<String>,
    pub page_size: Option<i64>,
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
