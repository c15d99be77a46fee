//! Writing answers: resources, pages and what a write did.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use steerco_domain::encode::Json;
use steerco_domain::resource::Kind;
use steerco_domain::{AnyResource, Error};
use steerco_service::operation::Answered;
use steerco_service::{Outcome, Page, Seen, Written};

/// Media type of an answer.
pub(crate) const JSON: &str = "application/json";
/// Media type of an answer that `fields` trimmed: what the schema requires may be missing.
pub(crate) const PARTIAL: &str = "application/vnd.steerco.partial+json";
/// Header that marks a stored answer.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Header that says what a write did.
pub(crate) const OUTCOME: HeaderName = HeaderName::from_static("steerco-outcome");

/// Bytes of JSON that a resource usually has.
const USUAL: usize = 1_500;

/// A JSON answer.
pub(crate) fn json(status: StatusCode, media: &'static str, value: &impl Serialize) -> Result<Response, Error> {
    json_of(1, status, media, value)
}

/// A JSON answer of so many items, for which there is room from the beginning.
pub(crate) fn json_of(
    items: usize,
    status: StatusCode,
    media: &'static str,
    value: &impl Serialize,
) -> Result<Response, Error> {
    let mut body = Vec::with_capacity(items * USUAL);
    serde_json::to_writer(&mut body, value).map_err(|error| unwritable(&error))?;
    Ok(of(status, media, body))
}

/// The answer of an operation under a kind; `tagged` where it has an ETag.
pub(crate) fn answered(answered: &Answered, kind: Option<&Kind>, tagged: bool, dry: bool) -> Result<Response, Error> {
    let created = answered.created.as_ref().zip(kind).filter(|_| !dry);
    let status = if created.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let mut body = Vec::with_capacity(USUAL);
    answered.body.encode(&mut Json(&mut body));
    let mut response = of(status, JSON, body);
    if let Some((id, kind)) = created {
        locate(&mut response, kind, id)?;
    }
    if let Some(etag) = answered.etag.as_ref().filter(|_| tagged) {
        set_etag(&mut response, etag)?;
    }
    if let Some(outcome) = answered.outcome {
        mark(&mut response, outcome.word(), answered.replayed);
    }
    if answered.secret {
        // Nobody on the way may keep it.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// An answer of these bytes.
pub(super) fn of(status: StatusCode, media: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

pub(super) fn unwritable(error: &serde_json::Error) -> Error {
    Error::internal(format!("an answer cannot be encoded: {error}"))
}

const fn media(trimmed: bool) -> &'static str {
    if trimmed { PARTIAL } else { JSON }
}

fn header(response: &mut Response, name: HeaderName, text: String) -> Result<(), Error> {
    let value = HeaderValue::try_from(text).map_err(|cause| Error::internal(cause))?;
    response.headers_mut().insert(name, value);
    Ok(())
}

fn shown(seen: &Seen) -> Vec<u8> {
    let mut body = Vec::with_capacity(USUAL);
    seen.resource.write_json(seen.mask, &mut body);
    body
}

/// A resource, or 304 when the caller holds this version.
pub(crate) fn seen(seen: &Seen, held: bool) -> Result<Response, Error> {
    let mut response = if held {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        of(StatusCode::OK, media(seen.trimmed), shown(seen))
    };
    set_etag(&mut response, &seen.etag)?;
    Ok(response)
}

/// What a write did: 201 with the place of what it created, else 200.
pub(crate) fn written(written: &Written, dry: bool) -> Result<Response, Error> {
    let seen = &written.seen;
    let created = written.outcome == Outcome::Created && !dry;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = of(status, media(seen.trimmed), shown(seen));
    if created {
        set_location(&mut response, &*seen.resource)?;
    }
    set_etag(&mut response, &seen.etag)?;
    mark(&mut response, written.outcome.word(), written.replayed);
    Ok(response)
}

/// Where the new resource is.
pub(crate) fn set_location(response: &mut Response, resource: &dyn AnyResource) -> Result<(), Error> {
    locate(response, resource.kind(), &resource.id_text())
}

/// Where the new resource of this kind and id is.
fn locate(response: &mut Response, kind: &Kind, id: &str) -> Result<(), Error> {
    header(response, LOCATION, format!("/v1/{}/{id}", kind.path()))
}

pub(crate) fn set_etag(response: &mut Response, etag: &str) -> Result<(), Error> {
    header(response, ETAG, format!("\"{etag}\""))
}

/// Says what a write did, and whether it did it before.
pub(crate) fn mark(response: &mut Response, outcome: &'static str, replayed: bool) {
    response.headers_mut().insert(OUTCOME, HeaderValue::from_static(outcome));
    mark_replayed(response, replayed);
}

pub(crate) fn mark_replayed(response: &mut Response, replayed: bool) {
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
}

/// What a page says beside its items.
#[derive(Serialize)]
struct PageEnd<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<String>,
    sync_token: &'a str,
}

/// A page of a list.
pub(crate) fn page(page: &Page) -> Result<Response, Error> {
    let mut body = Vec::with_capacity((page.items.len() + 1) * USUAL);
    body.extend_from_slice(br#"{"items":["#);
    for (i, item) in page.items.iter().enumerate() {
        if i > 0 {
            body.push(b',');
        }
        item.write_json(page.mask, &mut body);
    }
    body.push(b']');
    let (next_page_token, sync_token) = (page.next_page_token.as_deref(), page.sync_token.as_str());
    let end = PageEnd { next_page_token, total: page.total.map(|total| total.to_string()), sync_token };
    // Its members follow those of the object that has begun.
    let from = body.len();
    serde_json::to_writer(&mut body, &end).map_err(|error| unwritable(&error))?;
    body[from] = b',';
    Ok(of(StatusCode::OK, media(page.trimmed), body))
}
