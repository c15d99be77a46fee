use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// What one connection asks. hyper does not tell whether a connection has been quiet since it was
/// accepted, nor when its last HTTP/2 stream ended, so the requests are counted as they pass.
#[derive(Default)]
pub(super) struct Activity {
    open: AtomicUsize,
    /// Rises with every begin and every end, so that quiet means: it did not change.
    changes: AtomicUsize,
    first: Notify,
}

impl Activity {
    pub(super) fn open(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, SeqCst);
        self.changes.fetch_add(1, SeqCst);
        self.first.notify_one();
        Open(self.clone())
    }

    pub(super) fn has_begun(&self) -> bool {
        self.changes.load(SeqCst) > 0
    }

    /// Resolves when no first request came within `first`, or later nothing was asked or answered
    /// for `quiet` (at most twice that, for the sake of one timer per connection).
    pub(super) async fn idle(&self, first: Duration, quiet: Duration) {
        sleep(first).await;
        let mut before = self.changes.load(SeqCst);
        while before > 0 {
            sleep(quiet).await;
            let now = self.changes.load(SeqCst);
            if now == before && self.open.load(SeqCst) == 0 {
                return;
            }
            before = now;
        }
    }

    /// Resolves at the first request, at once if it has been, at the latest after `grace`.
    pub(super) async fn first_or(&self, grace: Duration) {
        if !self.has_begun() {
            let _ = timeout(grace, self.first.notified()).await;
        }
    }
}

/// One request in flight, until dropped.
pub(super) struct Open(Arc<Activity>);

impl Open {
    /// Keeps the request in flight until the answer's body has been sent: a stream may take hours.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Sending { body, _open: self })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.changes.fetch_add(1, SeqCst);
        self.0.open.fetch_sub(1, SeqCst);
    }
}

struct Sending {
    body: Body,
    _open: Open,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
