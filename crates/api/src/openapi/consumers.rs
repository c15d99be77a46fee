//! The catalogue of events.

use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::ObjectBuilder;

use super::answers::answer;
use super::operation::{Access, Operation};
use super::parameters::path;
use super::vocabulary::{Members, Schemas, limited, list, note, object, reference};

pub(super) fn operations(schemas: &mut Schemas) -> [Operation; 2] {
    let made = [
        ("EventType", event_type()),
        ("EventTypeList", object("Every type of event.").must("event_types", list(reference("EventType")))),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    [list_event_types(), get_event_type()]
}

fn catalogue(path: &str, id: &str, summary: &str, description: &str) -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: path.to_owned(),
        id: id.to_owned(),
        tag: "events".to_owned(),
        summary: summary.to_owned(),
        description: description.to_owned(),
        access: Access::Token,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn list_event_types() -> Operation {
    let about = "The catalogue: everything that the feed and webhooks can tell of.";
    Operation {
        answers: vec![(200, answer("The types.", "application/json", reference("EventTypeList"), &[]))],
        ..catalogue("/v1/event-types", "list_event_types", "List the types of events", about)
    }
}

fn get_event_type() -> Operation {
    let about = "The type with the JSON schema (2020-12) of its events: what a page or a stream of the feed holds, and \
                 `data` of a webhook. Who sees less of a resource is told less.";
    Operation {
        parameters: vec![path("name", "Such as `risk.assess`.", limited(128, "^[a-z_.]{1,128}$"))],
        answers: vec![(200, answer("The type.", "application/json", reference("EventType"), &[]))],
        refusals: vec![404],
        ..catalogue("/v1/event-types/{name}", "get_event_type", "Get one type of event", about)
    }
}

fn event_type() -> ObjectBuilder {
    object("A type of event.")
        .must(
            "name",
            note(
                "Such as `risk.assess`: `operation` of its events, and with `steerco.` before it `type` of a webhook.",
            ),
        )
        .must("kind", note("Kind of the resource."))
        .must("description", note("What such an event says."))
        .property("schema", object("The JSON schema of its events; absent from the list."))
}
