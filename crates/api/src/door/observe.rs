//! One log line and one sample a request, written when its answer has ended.
//!
//! Labels are route templates, never paths: what a caller may choose freely must not become a time series.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use http_body::{Frame, SizeHint};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use prost::Message;
use prost_types::{FileDescriptorSet, ServiceDescriptorProto};

use super::asked::Asked;
use super::trace::Trace;
use super::{Protocol, RequestId};

/// Upper bounds of the duration histograms, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The recorder of the process: the first to ask installs it.
pub(super) fn recorder() -> PrometheusHandle {
    static HANDLE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
        let recorder = PrometheusBuilder::new().set_buckets(BUCKETS).unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder takes the figures of this process: /metrics stays empty");
        }
        handle
    });
    HANDLE.clone()
}

/// The path of every rpc there is.
static RPCS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let sets = [steerco_proto::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET];
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok()).flat_map(|set| set.file);
    let paths = files.flat_map(|file| {
        let of = |service: &ServiceDescriptorProto| -> Vec<String> {
            let path = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            service.method.iter().map(|method| path(method.name())).collect()
        };
        file.service.iter().flat_map(of).collect::<Vec<_>>()
    });
    paths.collect()
});

/// What is told about a request.
pub(super) struct Line {
    via: Protocol,
    method: &'static str,
    route: String,
    request_id: String,
    trace: Trace,
    started: Instant,
    pub(super) subject: Option<String>,
    pub(super) status: StatusCode,
}

impl Line {
    pub(super) fn begin(via: Protocol, request: &Request, id: &RequestId, collect: bool) -> Self {
        let route = match via {
            Protocol::Rest => request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()),
            Protocol::Grpc => Some(request.uri().path().to_owned()),
        };
        let (method, route) = (method(request.method()), route.unwrap_or_else(|| "none".to_owned()));
        // As with figures: what does not exist names nothing.
        let known = via == Protocol::Rest || RPCS.contains(&route);
        let named = if known { route.as_str() } else { "none" };
        let trace = Trace::begin(via, method, named, request.headers(), collect);
        Self {
            via,
            method,
            route,
            request_id: id.0.clone(),
            trace,
            started: Instant::now(),
            subject: None,
            status: StatusCode::OK,
        }
    }

    /// The request for the log of failures.
    pub(super) fn asked(&self) -> Arc<Asked> {
        Asked::new(self.via, self.method, &self.route, &self.request_id)
    }

    fn end(mut self, grpc_status: Option<&str>) {
        let seconds = self.started.elapsed().as_secs_f64();
        let subject = self.subject.as_deref().unwrap_or("-");
        let trace_id = self.trace.id();
        let trace_id = trace_id.as_deref();
        let rpc = (self.via == Protocol::Grpc).then(|| grpc_status.unwrap_or("1"));
        self.trace.end(&self.request_id, self.status, rpc);
        let (route, id, ms) = (self.route.as_str(), self.request_id.as_str(), seconds * 1_000.0);
        if self.via == Protocol::Grpc {
            // Without a status the client went away before the end.
            let status = grpc_status.unwrap_or("1");
            tracing::info!(route, status, ms, request_id = id, trace_id, subject, "grpc");
            // Only rpcs that exist become labels: many a path is refused before anybody looks whether it does.
            let method = if RPCS.contains(&self.route) { self.route } else { "none".to_owned() };
            let labels = [("method", method), ("status", status.to_owned())];
            metrics::counter!("grpc_requests_total", &labels).increment(1);
            metrics::histogram!("grpc_request_duration_seconds", &labels).record(seconds);
        } else {
            let status = self.status.as_u16();
            tracing::info!(method = self.method, route, status, ms, request_id = id, trace_id, subject, "http");
            let status = self.status.as_str().to_owned();
            let labels = [("method", self.method.to_owned()), ("route", self.route), ("status", status)];
            metrics::counter!("http_requests_total", &labels).increment(1);
            metrics::histogram!("http_request_duration_seconds", &labels).record(seconds);
        }
    }
}

/// The method as a label; extension methods share one.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// A body that knows when it has ended, and how.
pub(super) struct Observed {
    inner: Body,
    line: Option<Line>,
    grpc_status: Option<String>,
    asked: Arc<Asked>,
}

impl Observed {
    pub(super) fn watch(response: Response, line: Line, asked: Arc<Asked>) -> Response {
        // A refusal by gRPC has its status among the headers.
        let grpc_status = grpc_status(response.headers());
        response.map(|inner| Body::new(Self { inner, line: Some(line), grpc_status, asked }))
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<String> {
    headers.get("grpc-status").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let polled = this.asked.step(|| Pin::new(&mut this.inner).poll_frame(cx));
        if let Poll::Ready(Some(Err(broken))) = &polled
            && let Some(error) = refusal(broken)
        {
            // The answer has begun, so that nobody renders this.
            this.asked.log(error);
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.grpc_status = grpc_status(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The error of ours that ended a body.
fn refusal(broken: &axum::Error) -> Option<&steerco_domain::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(broken);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.end(self.grpc_status.as_deref());
        }
    }
}
