//! Answers: their headers, and one shared refusal for each status.

use std::collections::BTreeMap;

use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, Header, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::reasons_by_status;
use super::shape::flow;
use super::vocabulary::{Schema, of, reference};
use crate::problem::PROBLEM;
use crate::rest::PARTIAL;

/// Key, wire name, type and text of every header an answer may have.
const HEADERS: [(&str, &str, Type, &str); 14] = [
    ("request_id", "x-request-id", Type::String, "Names this request in the logs."),
    ("etag", "ETag", Type::String, "Strong validator over what the caller sees of the resource."),
    ("location", "Location", Type::String, "Where the new resource is."),
    ("replayed", "Idempotency-Replayed", Type::String, "`true` when this is the stored answer to an earlier request."),
    ("outcome", "Steerco-Outcome", Type::String, "What the write did: created, updated, unchanged, stale, and so on."),
    ("rate_limit", "RateLimit-Limit", Type::Integer, "Requests the caller may send at once."),
    ("rate_remaining", "RateLimit-Remaining", Type::Integer, "What is left of them."),
    ("rate_reset", "RateLimit-Reset", Type::Integer, "Seconds until all of them are there again."),
    ("retry_after", "Retry-After", Type::Integer, "Seconds after which to try again."),
    ("challenge", "WWW-Authenticate", Type::String, "Where to learn how to get a token."),
    ("content_disposition", "Content-Disposition", Type::String, "Always `attachment`, with the name of the file."),
    ("content_range", "Content-Range", Type::String, "Which bytes these are, and how many there are."),
    (
        "sync_token",
        "Steerco-Sync-Token",
        Type::String,
        "Cursor of the feed from which everything after this list follows.",
    ),
    ("cache_control", "Cache-Control", Type::String, "Who may keep the answer."),
];

/// Headers of every answer to an authenticated caller.
const USUAL: [&str; 5] = ["request_id", "cache_control", "rate_limit", "rate_remaining", "rate_reset"];

/// The shared headers.
pub(super) fn headers() -> BTreeMap<String, RefOr<Header>> {
    let header = |(key, _, ty, doc): (&str, &str, Type, &str)| {
        (key.to_owned(), HeaderBuilder::new().schema(Some(of(ty))).description(Some(doc)).build().into())
    };
    HEADERS.into_iter().map(header).collect()
}

/// What the listener answers to an overlong head.
pub(super) const HEAD_TOO_LARGE: u16 = 431;

/// The shared refusals, `Refused400` and so on.
pub(super) fn refusals() -> BTreeMap<String, RefOr<Response>> {
    let refusal = |(status, reasons): (u16, Vec<steerco_domain::Reason>)| {
        let lines = reasons.iter().map(|reason| format!("- `{}`: {}", reason.code(), flow(reason.doc())));
        let keys: &[&str] = match status {
            401 => &["challenge"],
            409 | 429 | 503 => &["retry_after"],
            412 => &["etag"],
            _ => &[],
        };
        let doc = lines.collect::<Vec<_>>().join("\n");
        (format!("Refused{status}"), answer(&doc, PROBLEM, reference("Problem"), keys).into())
    };
    // Nothing documented answers 405: it belongs to methods that are not.
    let mut refusals: BTreeMap<_, _> =
        reasons_by_status().into_iter().filter(|(status, _)| *status != 405).map(refusal).collect();
    // The connection answers this one, before there is a request.
    let head = "The address and the headers together are larger than the server reads. Without a body; it closes \
                the connection.";
    refusals.insert(format!("Refused{HEAD_TOO_LARGE}"), ResponseBuilder::new().description(head).into());
    refusals
}

/// A reference to the refusal with this status.
pub(super) fn refused(status: u16) -> (String, RefOr<Response>) {
    (status.to_string(), Ref::from_response_name(format!("Refused{status}")).into())
}

/// An answer with these headers alone.
fn with(doc: &str, keys: &[&str]) -> ResponseBuilder {
    let headers = HEADERS.into_iter().filter(|(key, ..)| keys.contains(key));
    headers.fold(ResponseBuilder::new().description(doc), |response, (key, name, ..)| {
        response.header_ref(name, Ref::new(format!("#/components/headers/{key}")))
    })
}

/// A body with this schema.
pub(super) fn content(schema: impl Into<Schema>) -> Content {
    Content::new(Some(schema))
}

/// An answer without a body.
pub(super) fn empty(doc: &str, keys: &[&str]) -> ResponseBuilder {
    with(doc, &[&USUAL, keys].concat())
}

/// An answer with a body.
pub(super) fn answer(doc: &str, media: &str, schema: impl Into<Schema>, keys: &[&str]) -> ResponseBuilder {
    empty(doc, keys).content(media, content(schema))
}

/// An answer that `fields` may trim.
pub(super) fn trimmable(doc: &str, schema: &str, partial: &str, keys: &[&str]) -> ResponseBuilder {
    answer(doc, "application/json", reference(schema), keys).content(PARTIAL, content(reference(partial)))
}

/// An answer to anyone, of whom no rate is kept.
pub(super) fn open(doc: &str, media: &str, schema: impl Into<Schema>, keys: &[&str]) -> ResponseBuilder {
    with(doc, &[&["request_id", "cache_control"], keys].concat()).content(media, content(schema))
}
