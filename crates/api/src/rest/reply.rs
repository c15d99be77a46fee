//! Writing answers: resources, pages and what a write did.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use steerco_domain::mask::View;
use steerco_domain::{Error, Resource};
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
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Error::internal()
    })?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    Ok(response)
}

const fn media(trimmed: bool) -> &'static str {
    if trimmed { PARTIAL } else { JSON }
}

fn header(response: &mut Response, name: HeaderName, text: String) -> Result<(), Error> {
    let value = HeaderValue::try_from(text).map_err(|_| Error::internal())?;
    response.headers_mut().insert(name, value);
    Ok(())
}

fn view<R: Resource>(seen: &Seen<R>) -> View<'_, R> {
    View { resource: &seen.resource, mask: seen.mask }
}

/// A resource, or 304 when the caller holds this version.
pub(crate) fn seen<R: Resource>(seen: &Seen<R>, held: bool) -> Result<Response, Error> {
    let mut response = if held {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(StatusCode::OK, media(seen.trimmed), &view(seen))?
    };
    set_etag(&mut response, &seen.etag)?;
    Ok(response)
}

/// What a write did: 201 with the place of what it created, else 200.
pub(crate) fn written<R: Resource>(written: &Written<R>, dry: bool) -> Result<Response, Error> {
    let seen = &written.seen;
    let created = written.outcome == Outcome::Created && !dry;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json(status, media(seen.trimmed), &view(seen))?;
    if created {
        set_location(&mut response, &seen.resource)?;
    }
    set_etag(&mut response, &seen.etag)?;
    mark(&mut response, written.outcome.word(), written.replayed);
    Ok(response)
}

/// Where the new resource is.
pub(crate) fn set_location<R: Resource>(response: &mut Response, resource: &R) -> Result<(), Error> {
    header(response, LOCATION, format!("/v1/{}/{}", R::KIND.path(), resource.id_text()))
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

/// A page of a list.
pub(crate) fn page<R: Resource>(page: &Page<R>) -> Result<Response, Error> {
    json_of(page.items.len(), StatusCode::OK, media(page.trimmed), &PageView(page))
}

struct PageView<'a, R>(&'a Page<R>);

impl<R: Resource> Serialize for PageView<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("items", &Items(page))?;
        if let Some(token) = &page.next_page_token {
            map.serialize_entry("next_page_token", token)?;
        }
        if let Some(total) = page.total {
            map.serialize_entry("total", &total.to_string())?;
        }
        map.serialize_entry("sync_token", &page.sync_token)?;
        map.end()
    }
}

struct Items<'a, R>(&'a Page<R>);

impl<R: Resource> Serialize for Items<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.items.iter().map(|resource| View { resource, mask: self.0.mask }))
    }
}
