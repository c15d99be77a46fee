//! What a machine needs to find its way: a map of the service, and the contract of gRPC as it was written.

use std::fmt::Write;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use steerco_domain::{Error, KINDS};
use steerco_proto::{FILE_DESCRIPTOR_SET, FILES};

use super::docs::{PUBLIC, page};
use super::pages::pages;
use super::{Rest, reply};
use crate::problem::Answer;

/// Where the files are, as they import each other.
const FOLDER: &str = "steerco/v1/";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// What is beside the resources.
const OTHERS: &[(&str, &str)] = &[
    ("GET /v1/events", "what changed after a cursor, oldest first; `GET /v1/events/stream` as it happens"),
    ("GET /v1/event-types", "every type of event, each with the JSON schema of its events"),
    ("GET /v1/digest", "counts and hashes of what you see, to prove a copy"),
    ("GET /v1/permissions", "what each role may do"),
    ("GET /v1/metrics", "what the numbers mean"),
];

/// `/llms.txt` (llmstxt.org): where everything is, for programs that read.
pub(crate) async fn get_llms_txt(State(rest): State<Rest>) -> Response {
    fixed(MARKDOWN, map(rest.base_url()))
}

fn map(base: &str) -> String {
    let mut map = format!(
        "# Steerco\n\n> The system of record for a director of project management: portfolios, programs, projects, risks, \
         money, partners and their engagements, people and who may do what, over REST and gRPC on one port.\n\n\
         Authenticate with `Authorization: Bearer TOKEN` over both doors. A service account gets tokens by client \
         credentials: `POST {base}/oauth2/token` with its id and secret. Send an `Idempotency-Key` with every write, and the \
         same one again when no answer came. A refusal has a `code`, a pointer to every fault, and `retryable`.\n\n## Docs\n\n"
    );
    for (name, title, summary) in pages() {
        let _ = writeln!(map, "- [{title}]({base}/docs/{name}): {summary}");
    }
    let contract = [
        ("OpenAPI", "/openapi.json", "every operation of REST"),
        ("Protos", "/proto", "the gRPC contract as text; it describes itself by reflection too"),
        ("Descriptors", "/proto/descriptor.binpb", "the same compiled, as a FileDescriptorSet"),
        ("Errors", "/errors", "what each code means and what to do about it; JSON by `Accept`"),
        ("Keys and issuer", "/.well-known/oauth-authorization-server", "where tokens come from"),
    ];
    map.push_str("\n## Contract\n\n");
    for (title, path, about) in contract {
        let _ = writeln!(map, "- [{title}]({base}{path}): {about}");
    }
    map.push_str(
        "\n## Resources\n\nEach has GET (one, with `as_of`) and GET (list, with `filter`, `order_by`, `page_size`); most have \
         POST, PATCH, DELETE, PUT `/by-ref/{source}/{external_id}`, POST `/batch` and POST `/upsert`. PUT and DELETE of \
         `/{id}/external-refs/{source}/{external_id}` give and take one id of another system.\n\n",
    );
    for kind in KINDS {
        let doc = kind.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = doc.split_inclusive(". ").next().unwrap_or_default().trim();
        let _ = writeln!(map, "- `/v1/{}`: {first}", kind.path());
    }
    map.push_str("\n## Besides\n\n");
    for (operation, about) in OTHERS {
        let _ = writeln!(map, "- `{operation}`: {about}");
    }
    map
}

/// The files of the gRPC contract.
pub(crate) async fn list_protos(headers: HeaderMap) -> Answer {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("json") && !accept.contains("text/html") {
        let files: Vec<String> = FILES.iter().map(|(path, _)| format!("/proto/{path}")).collect();
        let list = json!({"files": files, "descriptor_set": "/proto/descriptor.binpb"});
        let mut response = reply::json(StatusCode::OK, reply::JSON, &list)?;
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        return Ok(response);
    }
    let mut body = "<h1>Protos</h1><p><a href=\"/proto/descriptor.binpb\">All of it, compiled</a></p><ul>".to_owned();
    for (path, _) in FILES {
        let _ = write!(body, "<li><a href=\"/proto/{path}\">{path}</a></li>");
    }
    Ok(page("Protos", &(body + "</ul>")))
}

/// One of them, as it was written.
pub(crate) async fn get_proto(file: Result<Path<String>, PathRejection>) -> Answer {
    let file = file.map(|Path(file)| file).unwrap_or_default();
    let named = |path: &str| path.strip_prefix(FOLDER) == Some(file.as_str());
    let found = FILES.iter().find(|(path, _)| named(path));
    let (_, text) = found.ok_or_else(|| Error::not_found("file; /proto lists all of them"))?;
    Ok(fixed(TEXT, *text))
}

/// All of them with what they import, compiled.
pub(crate) async fn get_descriptor_set() -> Response {
    fixed(BYTES, FILE_DESCRIPTOR_SET)
}

/// What changes only with the binary.
fn fixed(media: &'static str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
    response
}
