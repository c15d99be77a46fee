//! Responses: their headers, and one shared error response for each status.

use std::collections::BTreeMap;

use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, Header, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::reasons_by_status;
use super::shape::flow;
use super::vocabulary::{Schema, of, reference};
use crate::problem::PROBLEM;
use crate::rest::PARTIAL;

/// Key, wire name, type and description of every response header.
const HEADERS: [(&str, &str, Type, &str); 14] = [
    ("request_id", "x-request-id", Type::String, "Id of this request; the logs carry the same id."),
    ("etag", "ETag", Type::String, "Strong validator of the resource as the caller may read it."),
    ("location", "Location", Type::String, "Address of the new resource."),
    (
        "replayed",
        "Idempotency-Replayed",
        Type::String,
        "`true` when this is the stored response to an earlier request with the same key.",
    ),
    ("outcome", "Steerco-Outcome", Type::String, "Result of the write: created, updated, unchanged, stale, and so on."),
    ("rate_limit", "RateLimit-Limit", Type::Integer, "Requests the caller may send at once."),
    ("rate_remaining", "RateLimit-Remaining", Type::Integer, "Requests the caller may still send at once."),
    ("rate_reset", "RateLimit-Reset", Type::Integer, "Seconds until the full number of requests is available again."),
    ("retry_after", "Retry-After", Type::Integer, "Seconds after which to try again."),
    ("challenge", "WWW-Authenticate", Type::String, "How to authenticate."),
    ("content_disposition", "Content-Disposition", Type::String, "Always `attachment`, with the name of the file."),
    ("content_range", "Content-Range", Type::String, "Range of the returned bytes and the total size in bytes."),
    (
        "sync_token",
        "Steerco-Sync-Token",
        Type::String,
        "Cursor of the event feed. Events after it are the changes that this list does not contain yet.",
    ),
    ("cache_control", "Cache-Control", Type::String, "Whether and by whom the response may be cached."),
];

/// Headers of every response to an authenticated caller.
const USUAL: [&str; 5] = ["request_id", "cache_control", "rate_limit", "rate_remaining", "rate_reset"];

/// The shared headers.
pub(super) fn headers() -> BTreeMap<String, RefOr<Header>> {
    let header = |(key, _, ty, doc): (&str, &str, Type, &str)| {
        (key.to_owned(), HeaderBuilder::new().schema(Some(of(ty))).description(Some(doc)).build().into())
    };
    HEADERS.into_iter().map(header).collect()
}

/// Status that the listener returns when address and headers are too large.
pub(super) const HEAD_TOO_LARGE: u16 = 431;

/// The shared error responses, `Refused400` and so on.
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
    // No documented operation returns 405: it is returned for methods that do not exist.
    let mut refusals: BTreeMap<_, _> =
        reasons_by_status().into_iter().filter(|(status, _)| *status != 405).map(refusal).collect();
    // The connection returns this one before a request exists.
    let head = "The address and the headers together exceed the limit of the server. The response has no body, and \
                the connection is closed.";
    refusals.insert(format!("Refused{HEAD_TOO_LARGE}"), ResponseBuilder::new().description(head).into());
    refusals
}

/// A reference to the error response with this status.
pub(super) fn refused(status: u16) -> (String, RefOr<Response>) {
    (status.to_string(), Ref::from_response_name(format!("Refused{status}")).into())
}

/// A response with these headers only.
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

/// A response without a body.
pub(super) fn empty(doc: &str, keys: &[&str]) -> ResponseBuilder {
    with(doc, &[&USUAL, keys].concat())
}

/// A response with a body.
pub(super) fn answer(doc: &str, media: &str, schema: impl Into<Schema>, keys: &[&str]) -> ResponseBuilder {
    empty(doc, keys).content(media, content(schema))
}

/// A response that `fields` may limit.
pub(super) fn trimmable(doc: &str, schema: &str, partial: &str, keys: &[&str]) -> ResponseBuilder {
    answer(doc, "application/json", reference(schema), keys).content(PARTIAL, content(reference(partial)))
}

/// A response of a public operation, without rate limit headers.
pub(super) fn open(doc: &str, media: &str, schema: impl Into<Schema>, keys: &[&str]) -> ResponseBuilder {
    with(doc, &[&["request_id", "cache_control"], keys].concat()).content(media, content(schema))
}
