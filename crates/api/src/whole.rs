//! Bodies that end only where their sender ended them. Over HTTP/2 a sender may reset a stream, and what reads it takes that
//! for its end: then a stream of lines that was cancelled behind its last line would be one that is complete.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http::Version;
use http_body::{Frame, SizeHint};

/// The request with a body that breaks off where its sender did not end it.
pub(crate) fn whole(request: Request) -> Request {
    if request.version() != Version::HTTP_2 || request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(Whole(body)))
}

struct Whole(Body);

/// Says nothing of its cause: a door would read an end out of it.
#[derive(Debug)]
struct BrokeOff;

impl std::fmt::Display for BrokeOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the sender did not end the body")
    }
}

impl std::error::Error for BrokeOff {}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_frame(context)) {
            Some(Ok(frame)) => Some(Ok(frame)),
            None if self.0.is_end_stream() => None,
            None | Some(Err(_)) => Some(Err(BrokeOff)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
