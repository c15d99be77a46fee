//! The feed.
use futures::Stream;
use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_domain::time::Instant;
use crate::{Caller, EventArgs, Service};

/// One change.
#[derive(Clone, Debug)]
pub struct Event {
    /// Cursor from which the feed goes on after this event.
    pub cursor: String,
    /// Stable id of the event, the same over every channel (`evt_…`).
    pub id: String,
    pub at: Instant,
    pub actor: String,
    /// `risk.create`, `risk.assess`, …
    pub operation: String,
    pub kind: &'static str,
    pub resource_id: String,
    /// Number in the organisation's gapless sequence; absent for partners.
    pub seq: Option<i64>,
    pub revision: Option<i32>,
    /// Names of the fields changed, as far as the caller sees them.
    pub changed: Vec<String>,
    /// The resource after the change as far as the caller sees it; absent for a tombstone.
    pub after: Option<Map<String, Value>>,
    /// Whether the resource was deleted.
    pub deleted: bool,
    pub request_id: String,
}

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Where to go on, also when no event of the page was in the caller's sight.
    pub next_cursor: String,
    /// Whether more is there already.
    pub more: bool,
}

impl Service {
    pub async fn events(&self, caller: &Caller, args: &EventArgs) -> Result<EventPage, Error> { todo!() }
    /// Pages as they arise, without end: an empty page is a bookmark (at least every 15 s). Ends with an error when the
    /// caller's rights or token end.
    pub fn watch(&self, caller: Caller, args: EventArgs) -> impl Stream<Item = Result<EventPage, Error>> + Send + 'static { futures::stream::once(async { todo!() }) }
}
