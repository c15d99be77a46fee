//! The trace a request belongs to (W3C Trace Context), and the span it has where traces are collected.

use http::{HeaderMap, StatusCode};
use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};

use super::Protocol;

/// Name of the tracer, as collectors show it.
const SCOPE: &str = "steerco";

/// The trace of one request.
pub(super) struct Trace {
    id: Option<TraceId>,
    span: Option<BoxedSpan>,
}

impl Trace {
    /// Goes on with the caller's trace, or begins one if traces are collected.
    pub(super) fn begin(via: Protocol, method: &'static str, route: &str, headers: &HeaderMap, collect: bool) -> Self {
        let caller = parent(headers);
        if !collect {
            return Self { id: caller.map(|caller| caller.trace_id()), span: None };
        }
        let name = match via {
            Protocol::Rest => format!("{method} {route}"),
            Protocol::Grpc => route.trim_start_matches('/').to_owned(),
        };
        let attributes = match via {
            Protocol::Rest => {
                vec![KeyValue::new("http.request.method", method), KeyValue::new("http.route", route.to_owned())]
            }
            Protocol::Grpc => vec![KeyValue::new("rpc.system", "grpc"), KeyValue::new("rpc.method", name.clone())],
        };
        let context = match caller {
            Some(caller) => Context::new().with_remote_span_context(caller),
            None => Context::new(),
        };
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Server).with_attributes(attributes);
        let span = global::tracer(SCOPE).build_with_context(builder, &context);
        Self { id: Some(span.span_context().trace_id()), span: Some(span) }
    }

    /// As logs name it.
    pub(super) fn id(&self) -> Option<String> {
        self.id.map(|id| id.to_string())
    }

    /// What became of the request. A refusal is the caller's; only a failure of the service is an error.
    pub(super) fn end(&mut self, request_id: &str, status: StatusCode, grpc_status: Option<&str>) {
        let Some(span) = &mut self.span else { return };
        span.set_attribute(KeyValue::new("steerco.request_id", request_id.to_owned()));
        let failed = if let Some(code) = grpc_status {
            span.set_attribute(KeyValue::new("rpc.grpc.status_code", code.to_owned()));
            matches!(code, "2" | "4" | "12" | "13" | "14" | "15")
        } else {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
            status.is_server_error()
        };
        if failed {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// `traceparent: 00-TRACE-SPAN-FLAGS`; a later version may say more behind that.
fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let whole = hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    if !whole || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let trace = TraceId::from_hex(trace).ok()?;
    let context = SpanContext::new(trace, SpanId::from_hex(span).ok()?, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", text.parse().unwrap());
        parent(&headers).map(|context| context.trace_id().to_string())
    }

    #[test]
    fn only_whole_traces_are_taken_over() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert_eq!(read(&format!("00-{trace}-{span}-01")), Some(trace.to_owned()));
        assert_eq!(read(&format!("cc-{trace}-{span}-01-more")), Some(trace.to_owned()));
        let bad = [
            format!("00-{trace}-{span}-01-more"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}-{span}"),
            "x".to_owned(),
        ];
        for text in bad {
            assert_eq!(read(&text), None, "{text}");
        }
    }

    #[test]
    fn the_callers_trace_is_named_also_where_none_is_collected() {
        let mut headers = HeaderMap::new();
        assert_eq!(Trace::begin(Protocol::Rest, "GET", "/v1/risks", &headers, false).id(), None);
        headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap());
        let trace = Trace::begin(Protocol::Grpc, "POST", "/a.B/C", &headers, false);
        assert_eq!(trace.id().as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    }
}
