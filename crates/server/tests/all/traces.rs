//! Traces arrive at a collector by OTLP, over HTTP and over gRPC, and go on with the caller's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::process::{Process, free_address, organisation};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What a collector was sent.
struct Sent {
    path: String,
    service: String,
    spans: Vec<Span>,
}

/// A collector that takes OTLP over HTTP/1.1 and over gRPC alike.
async fn collect(sent: mpsc::Sender<Sent>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(sent);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sent = Arc::clone(&sent);
            tokio::spawn(async move {
                let answer = hyper::service::service_fn(move |request| {
                    let sent = Arc::clone(&sent);
                    async move { take(&sent, request).await }
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    address
}

async fn take(sent: &mpsc::Sender<Sent>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let grpc =
        request.headers().get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    let body = request.into_body().collect().await.unwrap().to_bytes();
    // A message of gRPC has five bytes before it.
    let read = ExportTraceServiceRequest::decode(if grpc { body.slice(5..) } else { body }).unwrap();
    for resource in read.resource_spans {
        let attributes = resource.resource.unwrap_or_default().attributes;
        let service = attributes.iter().find(|attribute| attribute.key == "service.name");
        let service = service.and_then(|attribute| attribute.value.clone()?.value);
        let service = if let Some(Any::StringValue(name)) = service { name } else { String::new() };
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans).collect();
        let _ = sent.send(Sent { path: path.clone(), service, spans });
    }
    let response = Response::builder();
    Ok(if grpc {
        // An empty message; the status may stand among the headers.
        let response = response.header("content-type", "application/grpc").header("grpc-status", "0");
        response.body(Full::new(Bytes::from_static(&[0; 5]))).unwrap()
    } else {
        response.header("content-type", "application/x-protobuf").body(Full::default()).unwrap()
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Calls a server whose environment has these variables, stops it, and answers its log.
async fn call(variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    let (_, token) = organisation(&database);
    let variables = [&[("STEERCO_LOG", "info")], variables].concat();
    let process = Process::serve_at(free_address(), &database, folder.path(), &variables).await;
    let client = reqwest::Client::new();
    let trace = format!("00-{TRACE}-{PARENT}-01");
    let get = client.get(format!("{}/v1/persons", process.base)).bearer_auth(&token).header("traceparent", trace);
    assert_eq!(get.header("x-request-id", "traced-1").send().await.unwrap().status(), 200);
    let lost = client.get(format!("{}/v1/persons/pers_01kdvdna00e008000000000001", process.base)).bearer_auth(&token);
    assert_eq!(lost.send().await.unwrap().status(), 404);
    process.terminate();
    assert_eq!(process.wait(Duration::from_secs(20)).await, 0);
    std::fs::read_to_string(folder.path().join("steerco.log")).unwrap()
}

async fn arrives(protocol: &str, path: &str) {
    let (sender, receiver) = mpsc::channel();
    let endpoint = format!("http://{}", collect(sender).await);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
    let log = call(&variables).await;
    // What was still waiting is sent before the process ends.
    let sent: Vec<Sent> = receiver.try_iter().collect();
    assert!(!sent.is_empty(), "{log}");
    assert!(sent.iter().all(|sent| sent.path == path && sent.service == "steerco"));
    let spans: Vec<&Span> = sent.iter().flat_map(|sent| &sent.spans).collect();
    let listed = spans.iter().find(|span| span.name == "GET /v1/persons").expect("a span");
    assert_eq!((hex(&listed.trace_id), hex(&listed.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(attribute(listed, "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(attribute(listed, "steerco.request_id").as_deref(), Some("traced-1"));
    assert!(listed.end_time_unix_nano > listed.start_time_unix_nano && listed.kind == 2);
    let lost = spans.iter().find(|span| span.name == "GET /v1/persons/{id}").expect("another");
    assert!(lost.parent_span_id.is_empty() && lost.status.as_ref().is_none_or(|status| status.code == 0));
    assert_eq!(trace_of(&log, "traced-1"), TRACE);
    assert!(log.contains(&hex(&lost.trace_id)));
}

/// The trace id of the request's line in the log.
fn trace_of(log: &str, request: &str) -> String {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.into_iter().find(|line| line["request_id"] == request).expect("a line");
    line["trace_id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_arrive_over_http() {
    arrives("http/protobuf", "/v1/traces").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_arrive_over_grpc() {
    arrives("grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export").await;
}

/// Without the variables nothing is sent; the caller's trace still stands in the log.
#[tokio::test(flavor = "multi_thread")]
async fn traces_are_off_unless_asked_for() {
    let (sender, receiver) = mpsc::channel();
    let endpoint = format!("http://{}", collect(sender).await);
    let off = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_TRACES_EXPORTER", "none")];
    let log = call(&off).await;
    assert_eq!(receiver.try_iter().count(), 0);
    assert_eq!(trace_of(&log, "traced-1"), TRACE);
    assert!(!log.contains("OTLP"), "{log}");
}
