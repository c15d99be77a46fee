//! Requests as no decent client makes them: any header, any body, any frame, over both doors.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderMap, Request};
use http_body::Body as _;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::Value;
use steerco_tests::{Door, Engine, Server, World, postgres};
use tonic::client::GrpcService;
use tonic::transport::{Channel, Endpoint};

/// A test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clients of both doors of one server.
#[derive(Clone)]
pub(crate) struct Wire {
    http: reqwest::Client,
    channel: Channel,
    url: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) http: u16,
    /// Status over gRPC; `None` where the answer was no gRPC.
    pub(crate) grpc: Option<i32>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the caller was not let in, said as each door says it.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        match self.grpc {
            Some(code) => code == 16,
            None => self.http == 401 && self.json()["code"] == "UNAUTHENTICATED",
        }
    }

    /// Whether the service says that it is to blame: a 5xx, `UNKNOWN`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`.
    pub(crate) fn blames_itself(&self) -> bool {
        self.http >= 500 || self.grpc.is_some_and(|code| matches!(code, 2 | 13 | 14 | 15))
    }

    pub(crate) fn is_success(&self) -> bool {
        self.grpc.map_or(self.http < 400, |code| code == 0)
    }

    /// Everything that was said, for a search.
    pub(crate) fn text(&self) -> String {
        format!("{:?} {}", self.headers, String::from_utf8_lossy(&self.body))
    }
}

impl Wire {
    pub(crate) fn new(server: &Server) -> Self {
        let endpoint = Endpoint::from_shared(server.url.clone()).unwrap();
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            channel: endpoint.connect_lazy(),
            url: server.url.clone(),
        }
    }

    /// An HTTP request; `path` is sent as it is.
    pub(crate) async fn rest(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Heard {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let exchange = async {
            let response = request.body(body.into()).send().await.unwrap();
            let (http, headers) = (response.status().as_u16(), texts(response.headers()));
            (http, headers, response.bytes().await.unwrap().to_vec())
        };
        let (http, headers, body) = patiently(&format!("{method} {path}"), exchange).await;
        Heard { http, grpc: None, headers, body }
    }

    /// A gRPC request with this body, frames and all.
    pub(crate) async fn grpc(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Heard {
        let mut request = Request::post(path).header("te", "trailers");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let request = request.body(tonic::body::Body::new(reqwest::Body::from(body))).unwrap();
        let mut channel = self.channel.clone();
        let exchange = async {
            poll_fn(|cx| GrpcService::<tonic::body::Body>::poll_ready(&mut channel, cx)).await.unwrap();
            let (head, mut body) = GrpcService::call(&mut channel, request).await.unwrap().into_parts();
            let (mut headers, mut bytes) = (head.headers, Vec::new());
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                match frame.unwrap().into_data() {
                    Ok(data) => bytes.extend_from_slice(&data),
                    Err(frame) => headers.extend(frame.into_trailers().unwrap_or_default()),
                }
            }
            (head.status.as_u16(), texts(&headers), bytes)
        };
        let (http, headers, body) = patiently(path, exchange).await;
        let grpc = headers.get("grpc-status").and_then(|code| code.parse().ok());
        Heard { http, grpc, headers, body }
    }

    /// The request of this operation, whichever the door.
    pub(crate) async fn call(&self, operation: &Operation, headers: &[(&str, &str)], body: &[u8]) -> Heard {
        match operation {
            Operation::Rest { method, path, .. } => self.rest(method, path, headers, body).await,
            Operation::Rpc(rpc) => self.grpc(&rpc_path(rpc), headers, body.to_vec()).await,
        }
    }
}

async fn patiently<T>(what: &str, exchange: impl Future<Output = T>) -> T {
    let answered = tokio::time::timeout(PATIENCE, exchange).await;
    answered.unwrap_or_else(|_| panic!("{what} hangs"))
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// A message as gRPC frames it.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], length.to_be_bytes().as_slice(), message].concat()
}

/// One thing that can be asked for.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Rest {
        method: String,
        /// With an id in the place of each parameter.
        path: String,
        template: String,
        id: String,
    },
    Rpc(MethodDescriptor),
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rest { method, template, .. } => format!("{method} {template}"),
            Self::Rpc(rpc) => rpc.full_name().to_owned(),
        }
    }

    /// Whether the answer has no end.
    pub(crate) fn is_stream(&self) -> bool {
        match self {
            Self::Rest { id, .. } => id == "stream_events",
            Self::Rpc(rpc) => rpc.is_server_streaming(),
        }
    }

    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Rest { method, .. } => method != "GET",
            Self::Rpc(rpc) => !["Get", "List", "Watch", "Download"].iter().any(|reads| rpc.name().starts_with(reads)),
        }
    }
}

pub(crate) fn rpc_path(rpc: &MethodDescriptor) -> String {
    format!("/{}/{}", rpc.parent_service().full_name(), rpc.name())
}

/// The OpenAPI document, as it is served.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(steerco_api::openapi::document);
    &DOCUMENT
}

/// Every operation of the door that needs a token.
pub(crate) fn operations(door: Door) -> Vec<Operation> {
    match door {
        Door::Rest => rest_operations(),
        Door::Grpc => rpcs().into_iter().map(Operation::Rpc).collect(),
    }
}

fn rest_operations() -> Vec<Operation> {
    let document = document();
    let mut found = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs_token =
                operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("bearer").is_some()));
            if needs_token {
                found.push(Operation::Rest {
                    method: method.to_uppercase(),
                    path: filled(template),
                    template: template.clone(),
                    id: operation["operationId"].as_str().unwrap().to_owned(),
                });
            }
        }
    }
    assert!(found.len() > 100, "the document was read: {}", found.len());
    found
}

/// The template with a fitting, unknown value for each parameter.
fn filled(template: &str) -> String {
    let plural = template.split('/').nth(2).unwrap_or_default();
    let kind = steerco_domain::KINDS.iter().find(|kind| kind.path() == plural);
    let id = steerco_domain::id::encode(kind.map_or("risk", |kind| kind.prefix), 7);
    template.replace("{id}", &id).replace("{source}", "jira").replace("{external_id}", "X-1")
}

/// Every rpc of the contract.
pub(crate) fn rpcs() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(steerco_proto::FILE_DESCRIPTOR_SET).unwrap();
    let ours = pool.services().filter(|service| service.full_name().starts_with("steerco."));
    let found: Vec<_> = ours.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    assert!(found.len() > 100, "the descriptors were read: {}", found.len());
    found
}

/// Runs a statement as whoever owns the database; rows one a line, columns parted by `|`.
pub(crate) async fn sql(server: &Server, statement: &str) -> Result<String, String> {
    match server.engine {
        Engine::Sqlite => sqlite(&server.database_url, statement).await,
        Engine::Postgres => {
            let name = server.database_url.rsplit('/').find(|part| part.starts_with("steerco_")).unwrap();
            let name = name.split('?').next().unwrap();
            postgres::shared().unwrap().psql(name, statement)
        }
    }
}

async fn sqlite(url: &str, statement: &str) -> Result<String, String> {
    use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
    let mut connection = SqliteConnection::connect(url).await.map_err(|fault| fault.to_string())?;
    let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await;
    let rows = rows.map_err(|fault| fault.to_string())?;
    let cell = |row: &sqlx::sqlite::SqliteRow, i: usize| {
        let text = row.try_get_unchecked::<Option<String>, _>(i);
        text.unwrap_or_else(|_| row.try_get_unchecked::<Option<i64>, _>(i).unwrap().map(|int| int.to_string()))
    };
    let line = |row| (0..Row::len(row)).map(|i| cell(row, i).unwrap_or_default()).collect::<Vec<_>>().join("|");
    connection.close().await.map_err(|fault| fault.to_string())?;
    Ok(rows.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// Number of the last entry in an organisation's log.
pub(crate) async fn head(world: &World, org: &str) -> i64 {
    let found = sql(&world.server, &format!("SELECT CAST(seq AS TEXT) FROM log_head WHERE org = '{org}'")).await;
    found.unwrap().parse().unwrap()
}
