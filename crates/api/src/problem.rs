//! Refusals as each door says them: RFC 9457 problems over REST, a status with details over gRPC.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use steerco_domain::{Error, Fault, Reason};
use tonic::Code;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::door::log_failure;

/// Media type of a problem.
pub const PROBLEM: &str = "application/problem+json";
/// Faults listed in one answer. A body of a million wrong names shall not make an answer of a million lines.
pub const FAULTS_MAX: usize = 100;
/// Bytes of faults in a gRPC status: they travel in a header, and clients limit those to 8 kB.
const STATUS_BYTES: usize = 4_000;

/// A refusal on its way to the door, which renders it: only the door knows the request id.
#[derive(Clone, Debug)]
pub(crate) struct Refusal(pub(crate) Error);

/// What a REST handler answers.
pub(crate) type Answer = Result<Response, Refusal>;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::from_u16(self.0.reason.http_status()).unwrap_or_default().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document.
#[derive(Serialize)]
pub(crate) struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl<'a> Problem<'a> {
    /// The problem of an error, whose cause is logged.
    pub(crate) fn new(error: &'a Error, request_id: &'a str) -> Self {
        log_failure(error, request_id);
        Self {
            r#type: page(error.reason),
            title: error.reason.title(),
            status: error.reason.http_status(),
            detail: &error.detail,
            code: error.reason.code(),
            request_id,
            retryable: error.reason.retryable(),
            retry_after: error.retry_after,
            etag: error.etag.as_deref(),
            errors: error.faults.get(..FAULTS_MAX).unwrap_or(&error.faults),
        }
    }
}

/// `ETAG_MISMATCH` → `etag-mismatch`, the name of its page.
pub(crate) fn slug(reason: Reason) -> String {
    reason.code().to_ascii_lowercase().replace('_', "-")
}

/// The page that explains a reason, relative to the service.
fn page(reason: Reason) -> String {
    format!("/errors/{}", slug(reason))
}

/// The problem as a response.
pub(crate) fn to_response(error: &Error, request_id: &str) -> Response {
    let body = serde_json::to_vec(&Problem::new(error, request_id)).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(error.reason.http_status()).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let etag = error.etag.as_ref().and_then(|etag| HeaderValue::try_from(format!("\"{etag}\"")).ok());
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    response
}

/// The refusal as gRPC says it: the same code in `ErrorInfo`, the faults in `BadRequest`. Its cause is logged.
pub fn to_status(error: &Error, request_id: &str) -> tonic::Status {
    log_failure(error, request_id);
    let mut metadata = HashMap::from([("retryable".to_owned(), error.reason.retryable().to_string())]);
    if let Some(etag) = &error.etag {
        metadata.insert("etag".to_owned(), etag.clone());
    }
    let mut details = ErrorDetails::with_error_info(error.reason.code(), "steerco", metadata);
    details.set_request_info(request_id, "");
    let violations = violations(&error.faults);
    if !violations.is_empty() {
        details.set_bad_request(violations);
    }
    if let Some(seconds) = error.retry_after {
        details.set_retry_info(Some(Duration::from_secs(seconds.into())));
    }
    let message: String = error.detail.chars().take(1_000).collect();
    tonic::Status::with_error_details(Code::from_i32(error.reason.grpc_code()), message, details)
}

/// Logs the failures among the parts of an answer, which are no answers themselves.
pub(crate) fn log_failures<'a>(errors: impl Iterator<Item = &'a Error>) {
    errors.for_each(|error| log_failure(error, ""));
}

/// `/external_refs/0/source` → `external_refs.0.source`, as `BadRequest` writes places.
fn path(pointer: &str) -> String {
    pointer.trim_start_matches(['/', '?']).replace('/', ".")
}

/// As many faults as fit.
fn violations(faults: &[Fault]) -> Vec<FieldViolation> {
    let mut room = STATUS_BYTES;
    let fits = |fault: &&Fault| {
        let size = fault.pointer.len() + fault.code.len() + fault.detail.len() + 16;
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    };
    let violation = |fault: &Fault| FieldViolation {
        field: path(&fault.pointer),
        description: fault.detail.clone(),
        reason: fault.code.clone().into_owned(),
        ..FieldViolation::default()
    };
    faults.iter().take_while(fits).map(violation).collect()
}

#[cfg(test)]
mod tests;
