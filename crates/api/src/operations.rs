//! The operations of the service, and the one that tells of the documents themselves.

use serde_json::value::to_raw_value;
use steerco_domain::Error;
use steerco_domain::field::Shape;
use steerco_service::EventType;
use steerco_service::operation::{Answered, Operation, Told, Under};
use steerco_service::parameter::Parameter;

use crate::event_types::{find, schema};

static NAME: Parameter = Parameter {
    name: "name",
    doc: "Such as `risk.assess`.",
    shape: Shape::Text { max: 128, pattern: Some("^[a-z_.]{1,128}$"), example: Some("risk.assess") },
};

/// Its schema is cut out of the OpenAPI document.
pub(crate) static GET_EVENT_TYPE: Operation = Operation {
    id: "get_event_type",
    service: "Event",
    path: "/v1/event-types/{name}",
    under: Under::Tag("events"),
    summary: "Get one type of event",
    doc: "The type with the JSON schema (2020-12) of its events: what a page or a stream of the feed holds, and `data` of a \
          webhook. Who sees less of a resource is told less.",
    parameters: &[&NAME],
    answer: Told::of::<EventType>("The type."),
    refusals: &[404],
    ..Operation::get(|service, context, mut arguments| {
        Box::pin(async move {
            service.admit(&context.caller).await?;
            let ty = find(&arguments.text(&NAME).unwrap_or_default())?;
            let schema = to_raw_value(&schema(service.issuer(), &ty)).map_err(|_| Error::internal())?;
            Ok(Answered::of(EventType { schema: Some(schema), ..ty.into() }))
        })
    })
};

/// All of them.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    steerco_service::operations().chain([&GET_EVENT_TYPE])
}
