//! The client of the REST door. Every answer is checked against the OpenAPI document.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Response;
use serde_json::{Value, json};
use steerco_domain::resource::Kind;

use crate::answer::reason;
use crate::client::Call;
use crate::contract::{self, Seen};
use crate::feed::Feed;
use crate::{Answer, Client, Downloaded, Fault, Refused, Reply, Server};

/// An HTTP request under construction.
pub struct Raw {
    server: Arc<Server>,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Raw {
    pub(crate) fn new(client: &Client, method: &str, path: &str) -> Self {
        let with = &client.with;
        let quoted = |etag: &String| if etag == "*" { etag.clone() } else { format!("\"{etag}\"") };
        let headers = [
            ("authorization", with.token.as_ref().map(|token| format!("Bearer {token}"))),
            ("idempotency-key", with.key.clone()),
            ("if-match", with.if_match.as_ref().map(quoted)),
            ("preview-as-partner", with.preview.clone()),
            ("if-none-match", with.if_none_match.as_ref().map(quoted)),
            ("x-request-id", with.request_id.clone()),
        ];
        let given = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Self {
            server: Arc::clone(&client.server),
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: given.collect(),
            body: None,
        }
    }

    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body as it is; name its `content-type` with [`Raw::header`].
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends it; a refusal must be a problem document.
    pub async fn send(self) -> Reply {
        let (answer, is_success, _) = self.exchange().await;
        if is_success { Ok(answer) } else { Err(refused(answer)) }
    }

    /// Sends it; the answer is bytes, or a problem document.
    pub async fn content(self) -> Result<Downloaded, Refused> {
        let (answer, is_success, bytes) = self.exchange().await;
        if is_success { Ok(Downloaded { bytes, headers: answer.headers }) } else { Err(refused(answer)) }
    }

    /// Sends it; the answer whatever its status and words, for what is no problem document.
    pub async fn plain(self) -> Answer {
        self.exchange().await.0
    }

    async fn exchange(self) -> (Answer, bool, Vec<u8>) {
        let (method, path) = (self.method.clone(), self.path.clone());
        let response = self.start().await;
        let status = response.status();
        let headers = headers(&response);
        let body = response.bytes().await.expect("a whole body");
        contract::check(&Seen {
            method: &method,
            path: &path,
            status: status.as_u16(),
            content_type: headers.get("content-type").map(String::as_str),
            has_request_id: headers.contains_key("x-request-id"),
            body: Some(&body),
        });
        (answer(status.as_u16(), headers, &body), status.as_u16() < 400, body.to_vec())
    }

    async fn start(self) -> Response {
        let Self { server, method, path, query, headers, body } = self;
        let method = method.parse().expect("a method");
        let mut url = reqwest::Url::parse(&format!("{}{path}", server.url)).expect("a URL");
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let mut request = server.http.request(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        request.send().await.expect("an answer")
    }
}

fn headers(response: &Response) -> BTreeMap<String, String> {
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn answer(status: u16, headers: BTreeMap<String, String>, body: &[u8]) -> Answer {
    let unquoted = |etag: &String| etag.trim_matches('"').to_owned();
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    let mut json = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap_or_else(|_| text()) };
    settle_numbers(&mut json);
    Answer {
        json,
        etag: headers.get("etag").map(unquoted),
        outcome: headers.get("steerco-outcome").cloned(),
        replayed: headers.get("idempotency-replayed").is_some_and(|value| value == "true"),
        status: Some(status),
        headers,
    }
}

/// JSON knows one number where Rust knows two: `1.0` is `1`.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
pub(crate) fn settle_numbers(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(settle_numbers),
        Value::Object(object) => object.values_mut().for_each(settle_numbers),
        Value::Number(number) => {
            let whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 1e15);
            if let Some(whole) = whole {
                *json = json!(whole as i64);
            }
        }
        _ => {}
    }
}

/// A problem document as a refusal.
fn refused(answer: Answer) -> Refused {
    let Answer { json: problem, status, headers, .. } = answer;
    let text = |name: &str| problem[name].as_str().map(str::to_owned);
    let code = text("code").unwrap_or_else(|| panic!("no problem: {problem}"));
    let status = status.expect("over HTTP");
    assert_eq!(status, reason(&code).http_status(), "the status of {code}: {problem}");
    let retry_after = headers.get("retry-after").map(|value| value.parse().expect("seconds"));
    assert_eq!(retry_after, problem["retry_after"].as_u64(), "Retry-After: {problem}");
    assert_eq!(headers.get("x-request-id"), text("request_id").as_ref(), "the request id: {problem}");
    Refused {
        status,
        detail: text("detail").unwrap_or_default(),
        faults: faults(&problem["errors"]),
        retryable: problem["retryable"] == true,
        retry_after,
        etag: text("etag"),
        request_id: text("request_id").unwrap_or_default(),
        headers,
        code,
    }
}

pub(crate) fn faults(errors: &Value) -> Vec<Fault> {
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let fault = |f: &Value| Fault { pointer: text(f, "pointer"), code: text(f, "code"), detail: text(f, "detail") };
    errors.as_array().into_iter().flatten().map(fault).collect()
}

/// One part of a path.
pub(crate) fn part(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://x").expect("a URL");
    url.path_segments_mut().expect("a path").push(text);
    url.path().trim_start_matches('/').to_owned()
}

pub(crate) async fn call(client: &Client, kind: &Kind, call: Call<'_>) -> Reply {
    let base = format!("/v1/{}", kind.path());
    let one = |id: &str| format!("{base}/{}", part(id));
    let by_ref = |source: &str, id: &str| format!("{base}/by-ref/{}/{}", part(source), part(id));
    let named =
        |id: &str, source: &str, name: &str| format!("{}/external-refs/{}/{}", one(id), part(source), part(name));
    let is_batch = matches!(call, Call::Batch { .. });
    let (method, path, body, args) = match call {
        Call::Create { body } => ("POST", base, Some(body), None),
        Call::Get { id } => ("GET", one(id), None, None),
        Call::GetByRef { source, external_id } => ("GET", by_ref(source, external_id), None, None),
        Call::List { args } => ("GET", base, None, Some(args)),
        Call::Revisions { id, args } => ("GET", one(id) + "/revisions", None, Some(args)),
        Call::Update { id, patch } => ("PATCH", one(id), Some(patch), None),
        Call::Upsert { source, external_id, body } => ("PUT", by_ref(source, external_id), Some(body), None),
        Call::Delete { id } => ("DELETE", one(id), None, None),
        Call::Undelete { id } => ("POST", one(id) + "/undelete", None, None),
        Call::AddRef { id, source, external_id } => ("PUT", named(id, source, external_id), None, None),
        Call::RemoveRef { id, source, external_id } => ("DELETE", named(id, source, external_id), None, None),
        Call::Act { id, verb, body } => ("POST", format!("{}/{}", one(id), verb.replace('_', "-")), Some(body), None),
        Call::Batch { body } => ("POST", base + "/batch", Some(body), None),
        Call::Progress { id } => ("GET", one(id) + "/progress", None, None),
        Call::Financials { id, args } => ("GET", one(id) + "/financials", None, Some(args)),
    };
    let mut raw = options(client, Raw::new(client, method, &path));
    for (name, value) in args.and_then(Value::as_object).into_iter().flatten() {
        raw = raw.query(name, &plain(value));
    }
    if let Some(body) = body {
        let media = if matches!(method, "PATCH" | "PUT") { "application/merge-patch+json" } else { "application/json" };
        raw = raw.json(body).header("content-type", media);
    }
    let mut answer = raw.send().await?;
    if is_batch {
        answer.json["results"].as_array_mut().expect("results").iter_mut().for_each(shorten);
    }
    Ok(answer)
}

/// Of a refused item, what gRPC says of it too.
fn shorten(result: &mut Value) {
    if let Some(error) = result.get("error") {
        let mut short = json!({"code": error["code"], "detail": error["detail"], "retryable": error["retryable"]});
        for name in ["errors", "etag"] {
            if let Some(value) = error.get(name) {
                short[name] = value.clone();
            }
        }
        result["error"] = short;
    }
}

fn options(client: &Client, mut raw: Raw) -> Raw {
    let with = &client.with;
    if with.validate_only {
        raw = raw.query("validate_only", "true");
    }
    if let Some(version) = with.source_version {
        raw = raw.query("source_version", &version.to_string());
    }
    let named = [
        ("effective_at", &with.effective_at),
        ("as_of", &with.as_of),
        ("valid_at", &with.valid_at),
        ("fields", &with.fields),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            raw = raw.query(name, value);
        }
    }
    raw
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

pub(crate) fn with_args(mut raw: Raw, args: &Value) -> Raw {
    for (name, value) in args.as_object().into_iter().flatten() {
        raw = raw.query(name, &plain(value));
    }
    raw
}

pub(crate) async fn upload(client: &Client, kind: &str, id: &str, content: &[u8]) -> Reply {
    let raw = client.raw("PUT", &format!("/v1/{kind}/{}/content", part(id)));
    options(client, raw).header("content-type", "application/octet-stream").body(content).send().await
}

/// Sends a content but for its last byte, and goes.
pub(crate) async fn upload_cut(client: &Client, id: &str, content: &[u8]) {
    use tokio::io::AsyncWriteExt;
    let address = client.server.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "PUT /v1/attachments/{id}/content HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
        client.with.token.as_deref().unwrap_or_default(),
        content.len() + 1
    );
    stream.write_all(head.as_bytes()).await.expect("taken");
    stream.write_all(content).await.expect("taken");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

/// Announces lines of this size, sends these, and goes; the status line of the answer, if one came.
pub(crate) async fn import_cut(client: &Client, lines: &str, size: Option<u64>) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = client.server.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /v1/actuals-batches/import HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        client.with.token.as_deref().unwrap_or_default(),
        size.unwrap_or(lines.len() as u64 + 1)
    );
    stream.write_all(head.as_bytes()).await.expect("taken");
    stream.write_all(lines.as_bytes()).await.expect("taken");
    let mut answer = [0; 12];
    let wait = std::time::Duration::from_millis(700);
    drop(tokio::time::timeout(wait, stream.read_exact(&mut answer)).await);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) async fn export(client: &Client, kind: &Kind, args: &Value) -> Result<Downloaded, Refused> {
    let raw = client.raw("GET", &format!("/v1/{}/export", kind.path()));
    with_args(options(client, raw), args).content().await
}

pub(crate) async fn events(client: &Client, args: &Value) -> Reply {
    with_args(client.raw("GET", "/v1/events"), args).send().await
}

pub(crate) async fn watch(client: &Client, args: &Value) -> Result<Feed, Refused> {
    let path = "/v1/events/stream";
    let response = with_args(client.raw("GET", path), args).start().await;
    let (status, headers) = (response.status(), headers(&response));
    let (body, stream) = if status.is_success() {
        (None, Some(response))
    } else {
        (Some(response.bytes().await.expect("a whole body")), None)
    };
    contract::check(&Seen {
        method: "GET",
        path,
        status: status.as_u16(),
        content_type: headers.get("content-type").map(String::as_str),
        has_request_id: headers.contains_key("x-request-id"),
        body: body.as_deref(),
    });
    match stream {
        Some(response) => Ok(Feed::rest(response)),
        None => Err(refused(answer(status.as_u16(), headers, &body.unwrap_or_default()))),
    }
}

/// A problem document that came inside a stream.
pub(crate) fn refused_in_stream(problem: Value) -> Refused {
    contract::check_schema("Problem", &problem);
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let headers = [("x-request-id", problem["request_id"].as_str())];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let mut headers: BTreeMap<String, String> = headers.collect();
    headers.extend(problem["retry_after"].as_u64().map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
    refused(Answer { json: problem, status, headers, ..Answer::default() })
}
