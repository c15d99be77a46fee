//! Catalogues that every account may read: metrics and event types.

use serde_json::value::RawValue;
use steerco_derive::answer;
use steerco_domain::event_type::{self, event_types};
use steerco_domain::metric::{METRICS, Metrics};

use crate::operation::{AnswerDoc, Answered, Operation, Under};

/// A type of event.
#[answer]
pub struct EventType {
    /// Name such as `risk.assess`: the `operation` of its events; with the prefix `steerco.`, the `type` of webhook
    /// messages.
    pub name: String,
    /// Kind of the resource.
    pub kind: &'static str,
    /// Description of the change.
    pub description: String,
    /// JSON Schema (2020-12) of the events in the feed and of `data` in a webhook message; absent from the list.
    pub schema: Option<Box<RawValue>>,
}

impl From<event_type::EventType> for EventType {
    fn from(ty: event_type::EventType) -> Self {
        Self { name: ty.name(), kind: ty.kind.name, description: ty.doc(), schema: None }
    }
}

/// All types of events.
#[answer(message = "ListEventTypesResponse")]
pub struct EventTypeList {
    /// The types of events.
    pub event_types: Vec<EventType>,
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "list_metrics",
        service: "Metric",
        path: "/v1/metrics",
        under: Under::Tag("metrics"),
        summary: "List metrics",
        doc: "The registry of metrics: the definition, unit and source of each number, and when it has no value.",
        answer: AnswerDoc::of::<Metrics>("The registry of metrics."),
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
        doc: "The catalogue of all events that the feed and webhooks report.",
        answer: AnswerDoc::of::<EventTypeList>("The types of events."),
        ..Operation::get(|service, context, _| {
            Box::pin(async move {
                service.admit(&context.caller).await?;
                Ok(Answered::of(EventTypeList { event_types: event_types().map(EventType::from).collect() }))
            })
        })
    },
];
