//! Answers: their headers, and one shared refusal for each status.

use serde_json::{Map, Value, json};

use super::shape::flow;
use super::{Parts, reasons_by_status};
use crate::problem::PROBLEM;
use crate::rest::PARTIAL;

/// Key, wire name, type and text of every header an answer may have.
const HEADERS: [(&str, &str, &str, &str); 11] = [
    ("request_id", "x-request-id", "string", "Names this request in the logs."),
    ("etag", "ETag", "string", "Strong validator over what the caller sees of the resource."),
    ("location", "Location", "string", "Where the new resource is."),
    ("replayed", "Idempotency-Replayed", "string", "`true` when this is the stored answer to an earlier request."),
    ("outcome", "Steerco-Outcome", "string", "What the write did: created, updated, unchanged, stale, and so on."),
    ("rate_limit", "RateLimit-Limit", "integer", "Requests the caller may send at once."),
    ("rate_remaining", "RateLimit-Remaining", "integer", "What is left of them."),
    ("rate_reset", "RateLimit-Reset", "integer", "Seconds until all of them are there again."),
    ("retry_after", "Retry-After", "integer", "Seconds after which to try again."),
    ("challenge", "WWW-Authenticate", "string", "Where to learn how to get a token."),
    ("cache_control", "Cache-Control", "string", "Who may keep the answer."),
];

/// The shared headers.
pub(super) fn headers() -> Parts {
    let header = |(key, _, ty, doc): &(&str, &str, &str, &str)| {
        ((*key).to_owned(), json!({"description": doc, "schema": {"type": ty}}))
    };
    HEADERS.iter().map(header).collect()
}

/// References to headers, under their wire names.
fn refer(keys: &[&str]) -> Map<String, Value> {
    let named = |key: &&str| {
        let found = HEADERS.iter().find(|(known, ..)| known == key);
        found.map(|(key, name, ..)| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{key}")})))
    };
    keys.iter().filter_map(named).collect()
}

/// Headers of every answer to an authenticated caller.
const USUAL: [&str; 5] = ["request_id", "cache_control", "rate_limit", "rate_remaining", "rate_reset"];

/// The shared refusals, `Refused400` and so on.
pub(super) fn refusals() -> Parts {
    let refusal = |(status, reasons): (u16, Vec<steerco_domain::Reason>)| {
        let lines = reasons.iter().map(|reason| format!("- `{}`: {}", reason.code(), flow(reason.doc())));
        let mut keys = USUAL.to_vec();
        match status {
            401 => keys.push("challenge"),
            409 | 429 | 503 => keys.push("retry_after"),
            412 => keys.push("etag"),
            _ => {}
        }
        let content = json!({PROBLEM: {"schema": super::shape::reference("Problem")}});
        let description = lines.collect::<Vec<_>>().join("\n");
        (format!("Refused{status}"), json!({"description": description, "headers": refer(&keys), "content": content}))
    };
    // Nothing documented answers 405: it belongs to methods that are not.
    reasons_by_status().into_iter().filter(|(status, _)| *status != 405).map(refusal).collect()
}

/// A reference to the refusal with this status.
pub(super) fn refused(status: u16) -> (String, Value) {
    (status.to_string(), json!({"$ref": format!("#/components/responses/Refused{status}")}))
}

/// An answer with a body.
pub(super) fn answer(doc: &str, media: &str, schema: &Value, keys: &[&str]) -> Value {
    json!({"description": doc, "headers": with_usual(keys), "content": {media: {"schema": schema}}})
}

/// An answer without a body.
pub(super) fn empty(doc: &str, keys: &[&str]) -> Value {
    json!({"description": doc, "headers": with_usual(keys)})
}

/// An answer that `fields` may trim.
pub(super) fn trimmable(doc: &str, schema: &str, partial: &str, keys: &[&str]) -> Value {
    let content = json!({
        "application/json": {"schema": super::shape::reference(schema)},
        PARTIAL: {"schema": super::shape::reference(partial)},
    });
    json!({"description": doc, "headers": with_usual(keys), "content": content})
}

/// An answer to anyone, of whom no rate is kept.
pub(super) fn open(doc: &str, media: &str, schema: &Value, keys: &[&str]) -> Value {
    let keys = [&["request_id", "cache_control"][..], keys].concat();
    json!({"description": doc, "headers": refer(&keys), "content": {media: {"schema": schema}}})
}

fn with_usual(keys: &[&str]) -> Map<String, Value> {
    refer(&[&USUAL[..], keys].concat())
}
