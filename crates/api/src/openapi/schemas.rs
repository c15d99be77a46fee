//! The schemas: what every resource has, and what all share.

use serde_json::{Map, Value, json};
use steerco_domain::Reason;
use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::Kind;

use super::Parts;
use super::shape::{LONG, flow, id_pattern, input, output_property, reference};
use crate::rest::mount::About;
use steerco_service::BATCH_MAX;

/// The schemas of one resource.
pub(super) fn add_resource(about: &About, parts: &mut Parts) {
    let kind = about.kind;
    let settable = |update: bool| {
        kind.fields.iter().filter(move |f| f.setter == Setter::Write || (f.setter == Setter::Create && !update))
    };
    let answer = answer(kind.doc, kind.fields, parts);
    parts.insert(kind.title.to_owned(), answer);
    let doc = format!("A change of {}: absent keeps, null clears.", article(kind.title));
    let patch = optional(input(&doc, settable(true), parts));
    parts.insert(format!("{}Patch", kind.title), patch);
    parts.insert(format!("{}Page", kind.title), page(kind.title));
    if about.whole {
        let create = input(&format!("A new {}. {}", kind.name.replace('_', " "), kind.doc), settable(false), parts);
        parts.insert(format!("{}Create", kind.title), create);
        let doc = "What the source knows. A first upsert needs what a creation needs; later ones keep what is absent.";
        let upsert = optional(input(doc, settable(false), parts));
        parts.insert(format!("{}Upsert", kind.title), upsert);
        parts.insert(format!("{}Batch", kind.title), batch(kind));
        parts.insert(format!("{}BatchResult", kind.title), batch_result(kind.title));
    }
    for verb in &about.verbs {
        let body = input(verb.doc, verb.fields.iter(), parts);
        parts.insert(verb.title.to_owned(), body);
    }
}

fn article(title: &str) -> String {
    let article = if title.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    format!("{article} `{title}`")
}

/// The same object with nothing required.
fn optional(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.remove("required");
    }
    object
}

fn answer(doc: &str, fields: &[FieldSpec], parts: &mut Parts) -> Value {
    let required: Vec<&str> = fields.iter().filter(|f| !f.nullable && !f.private).map(|f| f.name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|f| (f.name.to_owned(), output_property(f, parts))).collect();
    json!({"type": "object", "description": flow(doc), "required": required, "properties": properties})
}

fn page(title: &str) -> Value {
    json!({
        "type": "object",
        "description": format!("A page of a list of `{title}`."),
        "required": ["items", "sync_token"],
        "properties": page_properties(&reference(title)),
    })
}

fn page_properties(items: &Value) -> Value {
    json!({
        "items": {"type": "array", "maxItems": 1000, "items": items},
        "next_page_token": {"type": "string", "description": "Token of the next page; absent on the last one."},
        "total": {
            "type": "string", "format": "int64", "pattern": LONG,
            "description": "All items in the caller's sight, when `include_total` asked for it.",
        },
        "sync_token": {"type": "string", "description": "Cursor from which the feed goes on after this list."},
    })
}

/// An object with exactly this one member.
fn single(name: &str, doc: &str, schema: &Value) -> Value {
    json!({
        "type": "object", "description": doc, "additionalProperties": false, "required": [name],
        "properties": {name: schema},
    })
}

/// An object of exactly these members.
fn strict(required: &[&str], members: &Value) -> Value {
    let mut object = json!({"type": "object", "additionalProperties": false, "required": required});
    object["properties"] = members.clone();
    object
}

fn batch(kind: &Kind) -> Value {
    let title = kind.title;
    let id = json!({"type": "string", "pattern": id_pattern(kind.prefix)});
    let word = json!({"type": "string", "minLength": 1, "maxLength": 200});
    let maybe = json!({"type": ["string", "null"], "minLength": 1, "maxLength": 200});
    let patch = reference(&format!("{title}Patch"));
    let version = json!({"type": ["string", "null"], "format": "int64", "pattern": LONG, "maxLength": 20});
    let update = strict(&["id", "patch"], &json!({"id": id, "patch": patch, "if_match": maybe}));
    let body = reference(&format!("{title}Upsert"));
    let upsert = json!({"source": word, "external_id": word, "source_version": version, "body": body});
    let items = json!([
        single("create", "Creates a resource.", &reference(&format!("{title}Create"))),
        single("update", "Changes a resource.", &update),
        single(
            "upsert",
            "Creates or merges by external reference.",
            &strict(&["source", "external_id", "body"], &upsert)
        ),
        single("delete", "Deletes a resource.", &strict(&["id"], &json!({"id": id}))),
    ]);
    json!({
        "type": "object",
        "description": "Many writes: all or none of them, or with `partial` each on its own.",
        "additionalProperties": false,
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "minItems": 1, "maxItems": BATCH_MAX, "items": {"oneOf": items}},
            "partial": {
                "type": ["boolean", "null"],
                "description": "Whether an item that is refused leaves the others be. False when absent.",
            },
        },
    })
}

fn batch_result(title: &str) -> Value {
    let done = json!({
        "type": "object", "required": ["outcome", "etag", "resource"],
        "description": "What the item did.",
        "properties": {
            "outcome": reference("Outcome"),
            "etag": {"type": "string", "description": "ETag of the resource, without quotes."},
            "resource": reference(title),
        },
    });
    let refused = json!({
        "type": "object", "required": ["error"], "description": "Why the item was refused.",
        "properties": {"error": reference("Problem")},
    });
    json!({
        "type": "object", "description": "One result for each item, in order.", "required": ["results"],
        "properties": {"results": {"type": "array", "maxItems": BATCH_MAX, "items": {"anyOf": [done, refused]}}},
    })
}

/// What all resources share.
pub(super) fn shared() -> Parts {
    let parts = [
        ("Money", money()),
        ("Problem", problem()),
        ("Fault", fault()),
        ("Outcome", outcome()),
        ("Event", event()),
        ("EventPage", event_page()),
        ("Partial", partial()),
        ("PartialPage", partial_page()),
    ];
    parts.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn money() -> Value {
    json!({
        "type": "object", "description": "An exact amount in a currency.", "additionalProperties": false,
        "required": ["amount", "currency"],
        "properties": {
            "amount": {
                "type": "string", "pattern": "^-?[0-9]{1,15}(\\.[0-9]{1,4})?$", "maxLength": 21,
                "description": "A decimal with at most 4 places, at most 922337203685477.5807. Answers have all 4.",
            },
            "currency": {
                "type": "string", "pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3,
                "description": "ISO 4217 code.",
            },
        },
    })
}

fn problem() -> Value {
    let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    json!({
        "type": "object",
        "description": "Why a request was refused (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id", "retryable"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Page that explains the code."},
            "title": {"type": "string", "description": "The code in words."},
            "status": {
                "type": "integer", "format": "int32", "minimum": 400, "maximum": 599,
                "description": "The HTTP status.",
            },
            "detail": {"type": "string", "description": "What is wrong with this request, for people."},
            "code": {"type": "string", "enum": codes, "description": "What is wrong, as a word a program can compare."},
            "request_id": {"type": "string", "maxLength": 64, "description": "Names this request in the logs."},
            "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
            "retry_after": {
                "type": "integer", "format": "int64", "minimum": 0,
                "description": "Seconds after which to try again.",
            },
            "etag": {"type": "string", "description": "The current ETag, when the one given is stale, without quotes."},
            "errors": {
                "type": "array", "maxItems": crate::problem::FAULTS_MAX, "items": reference("Fault"),
                "description": "Every fault with its place, up to 100 of them.",
            },
        },
    })
}

fn fault() -> Value {
    let place = "JSON pointer into the request body, `?name` for a query parameter, or the name of a header.";
    json!({
        "type": "object", "description": "One fault in a request.", "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {"type": "string", "description": place},
            "code": {"type": "string", "description": "What is wrong, as a word a program can compare."},
            "detail": {"type": "string", "description": "What is wrong and what would be right."},
        },
    })
}

fn outcome() -> Value {
    let words: Vec<&str> = steerco_service::Outcome::ALL.iter().map(|outcome| outcome.word()).collect();
    json!({"type": "string", "enum": words, "description": "What a write did."})
}

fn event() -> Value {
    let text = |doc: &str| json!({"type": "string", "description": doc});
    let names =
        json!({"type": "array", "items": {"type": "string"}, "description": "Fields changed, as far as visible."});
    let seq = json!({
        "type": "string", "format": "int64", "pattern": LONG,
        "description": "Number in the organisation's sequence, without gaps. Hidden from partners.",
    });
    json!({
        "type": "object", "description": "One change.",
        "required": [
            "id", "cursor", "at", "actor", "operation", "kind", "resource_id", "changed", "deleted", "request_id",
        ],
        "properties": {
            "id": text("The same over every channel."),
            "cursor": text("Cursor from which the feed goes on after this event."),
            "at": {"type": "string", "format": "date-time", "description": "When it was committed (UTC)."},
            "actor": text("Who did it: a person, a service account, or `system`."),
            "operation": text("What was done, such as `risk.assess`."),
            "kind": text("Kind of the resource, such as `risk`."),
            "resource_id": text("Id of the resource."),
            "seq": seq,
            "revision": {
                "type": "integer", "format": "int32",
                "description": "Revision after the change. Hidden from partners.",
            },
            "changed": names,
            "after": {
                "type": "object",
                "description": "The resource after the change, as far as visible; absent for a tombstone.",
            },
            "visibility": {
                "type": "string", "enum": ["lost", "gained"],
                "description": "Whether the change took the resource out of the caller's sight or into it.",
            },
            "deleted": {"type": "boolean", "description": "Whether the resource was deleted."},
            "request_id": text("Request that caused it."),
        },
    })
}

fn event_page() -> Value {
    json!({
        "type": "object", "description": "A page of the feed.", "required": ["events", "next_cursor", "more"],
        "properties": {
            "events": {"type": "array", "maxItems": 1000, "items": reference("Event")},
            "next_cursor": {"type": "string", "description": "Where to go on, also when the page is empty."},
            "more": {"type": "boolean", "description": "Whether more is there already."},
        },
    })
}

fn partial() -> Value {
    let doc = "A resource with only the fields asked for; each is as in its full schema.";
    json!({"type": "object", "description": doc})
}

fn partial_page() -> Value {
    json!({
        "type": "object", "description": "A page of resources with only the fields asked for.",
        "required": ["items", "sync_token"], "properties": page_properties(&reference("Partial")),
    })
}
