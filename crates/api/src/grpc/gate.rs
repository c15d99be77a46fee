//! What is decided about a gRPC request before its message is read: that it is one, and how long it may take.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use steerco_domain::{Error, Reason};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::MESSAGE_MAX;
use super::call::Deadline;
use crate::door::RequestId;
use crate::problem::to_status;

/// Lets a request in, ends it at its deadline, and names it in the answer.
pub(super) async fn gate(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = explained(admit(request, next, &request_id).await, &request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

async fn admit(mut request: Request, next: Next, request_id: &str) -> Response {
    if !is_grpc(request.headers()) {
        // As the gRPC protocol has it. It also keeps out forms that a foreign web page would post.
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let refuse = |error: Error| to_status(&error, request_id).into_http::<Body>();
    let left = match timeout(request.headers()) {
        Ok(None) => return next.run(request).await,
        Ok(Some(left)) => left,
        Err(detail) => return refuse(Error::fault("grpc-timeout", "BAD_TIMEOUT", detail)),
    };
    // A stream outlives this function, so it is told.
    if let Some(end) = Instant::now().checked_add(left) {
        request.extensions_mut().insert(Deadline(end));
    }
    match tokio::time::timeout(left, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(expired()),
    }
}

/// Every refusal of ours carries details. One without is of the layer that reads messages: too large a message, or
/// bytes that are none, which it would call our fault.
fn explained(response: Response, request_id: &str) -> Response {
    let Some(status) = Status::from_header_map(response.headers()).filter(|status| status.details().is_empty()) else {
        return response;
    };
    let error = match status.code() {
        Code::OutOfRange => Error::new(Reason::TooLarge, format!("a message has at most {MESSAGE_MAX} bytes")),
        Code::Internal => Error::new(Reason::Malformed, status.message()),
        _ => return response,
    };
    to_status(&error, request_id).into_http()
}

/// The refusal at the deadline.
pub(super) fn expired() -> Error {
    Error::new(
        Reason::Deadline,
        "the answer took longer than grpc-timeout allows. A write may still be carried out: repeat it with the same \
         idempotency-key to learn what became of it",
    )
}

/// `application/grpc`, alone or with a format or parameters.
fn is_grpc(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    essence == "application/grpc" || essence == "application/grpc+proto"
}

/// `grpc-timeout`: at most eight digits and a unit. One that cannot be read is refused, as waiting without end is what
/// its sender did not want.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, &'static str> {
    const WANTED: &str = "must be one to eight digits and one of H, M, S, m, u, n";
    let mut values = headers.get_all("grpc-timeout").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| WANTED)?;
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(WANTED)?;
    let right = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !right || values.next().is_some() {
        return Err(WANTED);
    }
    let count: u64 = digits.parse().map_err(|_| WANTED)?;
    match unit {
        "H" => Ok(Some(Duration::from_secs(count * 3600))),
        "M" => Ok(Some(Duration::from_secs(count * 60))),
        "S" => Ok(Some(Duration::from_secs(count))),
        "m" => Ok(Some(Duration::from_millis(count))),
        "u" => Ok(Some(Duration::from_micros(count))),
        "n" => Ok(Some(Duration::from_nanos(count))),
        _ => Err(WANTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn through(timeout: &str, content_type: &str) -> Response {
        use tower::ServiceExt;
        let slow = || tokio::time::sleep(Duration::from_millis(300));
        let router = axum::Router::new()
            .route("/slow", axum::routing::any(slow))
            .layer(axum::middleware::from_fn(gate))
            .layer(axum::Extension(RequestId("req_1".to_owned())));
        let request = Request::post("/slow").header(CONTENT_TYPE, content_type).header("grpc-timeout", timeout);
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_ends_at_its_deadline() {
        let status =
            |response: &Response| response.headers().get("grpc-status").map(|s| s.to_str().unwrap().to_owned());
        assert_eq!(status(&through("9S", "application/grpc").await), None);
        let late = through("20m", "application/grpc").await;
        assert_eq!((late.status(), status(&late).as_deref()), (StatusCode::OK, Some("4")));
        assert_eq!(late.headers()["x-request-id"], "req_1");
        assert_eq!(status(&through("0n", "application/grpc").await).as_deref(), Some("4"));
        assert_eq!(status(&through("soon", "application/grpc").await).as_deref(), Some("3"));
        assert_eq!(through("9S", "text/plain").await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    fn read(text: &str) -> Result<Option<Duration>, &'static str> {
        timeout(&HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), HeaderValue::from_str(text).unwrap())]))
    }

    #[test]
    fn unreadable_messages_are_the_fault_of_their_sender() {
        let code = |status: Status| {
            let response = explained(status.into_http(), "");
            Status::from_header_map(response.headers()).unwrap().code()
        };
        assert_eq!(code(Status::out_of_range("too long")), Code::ResourceExhausted);
        assert_eq!(code(Status::internal("invalid varint")), Code::InvalidArgument);
        assert_eq!(code(Status::unimplemented("")), Code::Unimplemented);
        assert_eq!(code(to_status(&Error::internal("broken"), "")), Code::Internal);
    }

    #[test]
    fn timeouts() {
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
        assert_eq!(read("99999999H"), Ok(Some(Duration::from_hours(99_999_999))));
        assert_eq!(read("250m"), Ok(Some(Duration::from_millis(250))));
        assert_eq!(read("0S"), Ok(Some(Duration::ZERO)));
        for bad in ["", "S", "1", "123456789S", "-1S", "+1S", "1.5S", "1s", "1 S", "1SS", "NaNS"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn content_types() {
        let is = |text: &str| is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(text).unwrap())]));
        assert!(is("application/grpc") && is("application/grpc+proto; charset=utf-8"));
        assert!(!is("application/json") && !is("application/grpc-web") && !is("text/plain") && !is(""));
    }
}
