//! Calendar feeds: their addresses, and what is read there.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use steerco_domain::{Error, Reason};

use super::Rest;
use crate::problem::Answer;

/// Media type of a calendar.
pub(crate) const CALENDAR: &str = "text/calendar; charset=utf-8";

/// Whoever has the address reads; a calendar program that holds this version is told so.
pub(crate) async fn get_calendar(
    State(rest): State<Rest>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Answer {
    let none = |_| Error::new(Reason::NotFound, "there is no calendar at this address");
    let Path((id, owner, secret)) = path.map_err(none)?;
    let found = rest.service.calendar(&id, &owner, &secret).await?;
    let etag = format!("\"{}\"", found.etag);
    let held = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let held = held.flat_map(|value| value.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == etag);
    let mut response = if held { Response::new(Body::empty()) } else { Response::new(Body::from(found.text)) };
    if held {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CALENDAR));
    }
    response.headers_mut().insert(ETAG, HeaderValue::from_str(&etag).map_err(|cause| Error::internal(cause))?);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
