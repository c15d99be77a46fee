//! What everyone with an account may read of the service itself: its metrics and the types of its events.

use serde_json::value::RawValue;
use steerco_derive::answer;
use steerco_domain::event_type::{self, event_types};
use steerco_domain::metric::{METRICS, Metrics};

use crate::operation::{AnswerDoc, Answered, Operation, Under};

/// A type of event.
#[answer]
pub struct EventType {
    /// Such as `risk.assess`: `operation` of its events, and with `steerco.` before it `type` of a webhook.
    pub name: String,
    /// Kind of the resource.
    pub kind: &'static str,
    /// What such an event says.
    pub description: String,
    /// The JSON schema (2020-12) of its events: what the feed holds, and `data` of a webhook; absent from the list.
    pub schema: Option<Box<RawValue>>,
}

impl From<event_type::EventType> for EventType {
    fn from(ty: event_type::EventType) -> Self {
        Self { name: ty.name(), kind: ty.kind.name, description: ty.doc(), schema: None }
    }
}

/// Every type of event.
#[answer(message = "ListEventTypesResponse")]
pub struct EventTypeList {
    /// The types.
    pub event_types: Vec<EventType>,
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "list_metrics",
        service: "Metric",
        path: "/v1/metrics",
        under: Under::Tag("metrics"),
        summary: "List metrics",
        doc: "The registry of metrics: what each number is, its unit and source, and when it has no value.",
        answer: AnswerDoc::of::<Metrics>("The registry."),
        ..Operation::get(|service, context, _| {
            Box::pin(async move {
                service.admit(&context.caller).await?;
                Ok(Answered::of(Metrics { metrics: METRICS }))
            })
        })
    },
    Operation {
        id: "list_event_types",
        service: "Event",
        path: "/v1/event-types",
        under: Under::Tag("events"),
        summary: "List the types of events",
        doc: "The catalogue: everything that the feed and webhooks can tell of.",
        answer: AnswerDoc::of::<EventTypeList>("The types."),
        ..Operation::get(|service, context, _| {
            Box::pin(async move {
                service.admit(&context.caller).await?;
                Ok(Answered::of(EventTypeList { event_types: event_types().map(EventType::from).collect() }))
            })
        })
    },
];
