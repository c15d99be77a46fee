//! Where readers of the feed are, and digests.

use steerco_domain::Resource;
use steerco_domain::consumer::Consumer;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::documents::count;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed, path};
use super::shape::{instant, long};
use super::vocabulary::{Members, Schemas, limited, list, note, object, of, reference};
use crate::rest::params;

pub(super) fn operations(schemas: &mut Schemas) -> [Operation; 4] {
    let made = [
        ("EventType", event_type()),
        ("EventTypeList", object("Every type of event.").must("event_types", list(reference("EventType")))),
        ("ConsumerPosition", position()),
        ("Digest", digest()),
        ("CollectionDigest", collection()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    [get_position(), get_digest(), list_event_types(), get_event_type()]
}

fn get_position() -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: "/v1/consumers/{id}/position".to_owned(),
        id: "get_consumer_position".to_owned(),
        tag: Consumer::KIND.path(),
        summary: "Get where one consumer is".to_owned(),
        description: "How far the reader has come, and what waits for it, as far as who asks sees the feed.".to_owned(),
        access: Access::of(Consumer::KIND.name, "read"),
        parameters: vec![id(Consumer::KIND)],
        body: None,
        answers: vec![(200, answer("The position.", "application/json", reference("ConsumerPosition"), &[]))],
        refusals: vec![404, 410],
    }
}

fn get_digest() -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: "/v1/digest".to_owned(),
        id: "get_digest".to_owned(),
        tag: "events".to_owned(),
        summary: "Digest collections".to_owned(),
        description: "One digest for each kind, all of one moment: what a client computes over its own copy, to prove \
                      that it missed nothing. With `at` they are of the moment of a cursor of the feed, so that a copy can \
                      be compared while others write."
            .to_owned(),
        access: Access::of("event", "read"),
        parameters: of_feed(&params::digest()),
        body: None,
        answers: vec![(200, answer("The digests.", "application/json", reference("Digest"), &[]))],
        refusals: vec![410],
    }
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

fn position() -> ObjectBuilder {
    object("Where a reader of the feed is, as far as who asks sees the feed.")
        .must("consumer_id", note("The consumer."))
        .property("cursor", note("Cursor of the last event acknowledged; absent before the first."))
        .property("acknowledged_at", instant("When that was acknowledged (UTC)."))
        .must("events_behind", count("Events in sight that wait to be read, at most 1000."))
        .must("more", of(Type::Boolean).description(Some("Whether there are more than that.")))
        .property(
            "oldest_unread_at",
            instant("When the oldest event that waits was made (UTC); absent when none waits."),
        )
        .must("seconds_behind", long().description(Some("Seconds that it has waited; 0 when none waits.")))
}

fn digest() -> ObjectBuilder {
    object("Digests of one moment.")
        .must("collections", list(reference("CollectionDigest")))
        .property("max_seq", long().description(Some("Number of the last event that is in them; absent for partners.")))
        .must("cursor", note("Cursor of the same place."))
}

fn collection() -> ObjectBuilder {
    let hash = "SHA-256, in hexadecimal, over a line for each resource in the order of the ids: its id, a space, its \
                version and a line feed. The version is the revision; for partners it is the SHA-256 of the resource as \
                RFC 8785 writes it.";
    let last = "Number of the last event of any of them; absent where there is none, and for partners.";
    object("The digest of one collection.")
        .must("kind", note("The kind of resource."))
        .must("count", long().description(Some("How many there are in sight.")))
        .property("max_seq", long().description(Some(last)))
        .must("hash", note(hash))
}
