//! Parameters: those of queries, as declared, those of paths, and the headers of requests.

use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::field::Shape;
use steerco_domain::resource::Kind;

use super::Parts;
use super::shape::{self, TEXT, flow, id_pattern};
use crate::rest::params::{self, Param, Set};

/// Every parameter that several operations share.
pub(super) fn all() -> Parts {
    let queries: [&Param; 13] = [
        &params::AS_OF,
        &params::VALID_AT,
        &params::FILTER,
        &params::ORDER_BY,
        &params::PAGE_SIZE,
        &params::PAGE_TOKEN,
        &params::INCLUDE_TOTAL,
        &params::SHOW_DELETED,
        &params::VALIDATE_ONLY,
        &params::EFFECTIVE_AT,
        &params::SOURCE_VERSION,
        &params::AFTER,
        &params::EXCLUDE_SOURCE,
    ];
    let queries = queries.into_iter().map(|param| (param.name.to_owned(), query(param)));
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let fields = KINDS.iter().map(|kind| {
        let names: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
        (format!("{}_fields", kind.name), words(&params::FIELDS, &names))
    });
    let kinds = [("kinds".to_owned(), words(&params::KINDS, &kinds))];
    queries.chain(fields).chain(kinds).chain(headers()).collect()
}

/// A parameter that lists words, separated by commas.
fn words(param: &Param, words: &[&str]) -> Value {
    json!({
        "name": param.name, "in": "query", "description": flow(param.doc), "style": "form", "explode": false,
        "schema": {"type": "array", "maxItems": words.len(), "items": {"type": "string", "enum": words}},
    })
}

fn query(param: &Param) -> Value {
    let schema = match &param.shape {
        Shape::Text { max, pattern: None, .. } => {
            json!({"type": "string", "maxLength": max, "pattern": "^[^\\u0000-\\u001F\\u007F-\\u009F]*$"})
        }
        other => shape::schema(other, &mut Parts::new()),
    };
    json!({"name": param.name, "in": "query", "description": flow(param.doc), "schema": schema})
}

fn headers() -> Vec<(String, Value)> {
    let header = |key: &str, name: &str, doc: &str, schema: Value| {
        (key.to_owned(), json!({"name": name, "in": "header", "description": doc, "schema": schema}))
    };
    let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"});
    let etag = json!({"type": "string", "minLength": 1, "maxLength": 204, "pattern": "^(\\*|(W/)?\"[!#-~]{1,200}\")$"});
    let tags = json!({"type": "string"});
    let cursor = json!({"type": "string"});
    vec![
        header(
            "idempotency_key",
            "Idempotency-Key",
            "Makes the write repeatable: the same key with the same request is answered with the stored answer.",
            key,
        ),
        header("if_match", "If-Match", "The ETag the caller read; another one now is answered 412.", etag),
        header("if_none_match", "If-None-Match", "ETags the caller holds; one of them is answered 304.", tags),
        header("last_event_id", "Last-Event-ID", "Cursor of the last event received; goes before `after`.", cursor),
    ]
}

/// References to shared parameters.
pub(super) fn shared(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})).collect()
}

/// References to the parameters of a set. Which fields there are depends on the kind.
pub(super) fn of(kind: &Kind, set: &Set) -> Vec<Value> {
    let fields = format!("{}_fields", kind.name);
    let name = |param: &&'static Param| if param.name == "fields" { fields.as_str() } else { param.name };
    shared(&set.iter().map(name).collect::<Vec<_>>())
}

/// References to the parameters of the feed.
pub(super) fn of_feed(set: &Set) -> Vec<Value> {
    shared(&set.iter().map(|param| param.name).collect::<Vec<_>>())
}

/// A part of a path.
pub(super) fn path(name: &str, doc: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "path", "required": true, "description": doc, "schema": schema})
}

/// The id of a resource.
pub(super) fn id(kind: &Kind) -> Value {
    let schema = json!({"type": "string", "pattern": id_pattern(kind.prefix), "maxLength": kind.prefix.len() + 27});
    path("id", &format!("Id, starting with `{}_`.", kind.prefix), &schema)
}

/// An external reference.
pub(super) fn reference() -> [Value; 2] {
    let code = json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]{1,64}$"});
    let text = json!({"type": "string", "minLength": 1, "maxLength": 200, "pattern": TEXT});
    [
        path("source", "Code of the source system, as registered under sources.", &code),
        path("external_id", "The identifier there, percent-encoded.", &text),
    ]
}
