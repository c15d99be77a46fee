//! A client of Steerco over gRPC: typed calls that repeat safely what broke off, lists, the feed, and streams of records.
//!
//! ```no_run
//! use futures::stream;
//! use steerco_client::v1::risk_service_client::RiskServiceClient;
//! use steerco_client::v1::{Deliverable, GetRequest, ListRequest, Risk, WatchRequest};
//! use steerco_client::{Client, Record, Token, Upsert};
//!
//! # async fn example() -> Result<(), steerco_client::Error> {
//! let client = Client::builder("https://steerco.example.org")
//!     .token(Token::Credentials { client_id: "svc_…".into(), client_secret: "…".into() })
//!     .build()?;
//!
//! // Any rpc, by the generated client of its service: tokens, retries and idempotency keys are below it.
//! let mut risks = RiskServiceClient::new(client.clone());
//! let risk = risks.get_risk(GetRequest { id: "jira/R-7".into(), ..GetRequest::default() }).await?.into_inner();
//! println!("{}", risk.title);
//!
//! // A list, page after page. Its cursor is where the feed goes on.
//! let mut pages = client.list::<Risk>(ListRequest { page_size: 1_000, ..ListRequest::default() });
//! let mut cursor = String::new();
//! while let Some(page) = pages.next().await? {
//!     if cursor.is_empty() {
//!         cursor = page.sync_token;
//!     }
//! }
//!
//! // Any number of records, as one transaction; a second time nothing changes, and no event is made.
//! let how = Upsert { source: "jira".into(), ..Upsert::default() };
//! let done = client.upsert::<Deliverable, _>(&how, || {
//!     let part = |n| Deliverable { title: format!("Part {n}"), ..Deliverable::default() };
//!     stream::iter((0..100_000).map(move |n| Ok(Record::new(format!("D-{n}"), &part(n)))))
//! });
//! println!("{} are new", done.await?.counts.created);
//!
//! // What changes from there on, over cut connections and restarts of the service.
//! let mut watch = client.watch(WatchRequest { after: cursor, ..WatchRequest::default() });
//! loop {
//!     for event in watch.next().await?.events {
//!         println!("{} {}", event.operation, event.resource_id);
//!     }
//! }
//! # }
//! ```
//!
//! A call is made again where the service says that this may help ([`Error::is_retryable`]), or where no answer came; it
//! rests between as [`Retry`] says, and at least as long as the service asks. All attempts of a write carry one
//! idempotency key, its own or one that is drawn, so that they have one effect. Streams by the generated clients are not
//! made again: [`Client::watch`] and [`Client::upsert`] are.
//!
//! This crate must never know the service: what it speaks is in the protos. A resource that is added there is known here.

mod error;
mod pages;
mod retry;
mod token;
mod transport;
mod upsert;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

pub use error::{Error, Fault, Refusal};
pub use pages::{Page, Pages};
pub use retry::Retry;
pub use steerco_proto::{Resource, v1};
pub use token::Token;
pub use upsert::{Record, Upsert, Upserted};
pub use watch::Watch;

use token::Tokens;

/// Bytes of the greatest answer: a page of a thousand wide rows.
const MESSAGE_MAX: usize = 64 << 20;
/// How often a connection on which something is awaited is asked whether it lives.
const ALIVE: Duration = Duration::from_secs(20);

/// Told of each attempt that failed, and how long the client rests before the next.
type OnRetry = Arc<dyn Fn(&Error, Duration) + Send + Sync>;

/// A service, as one caller; cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    channel: Channel,
}

struct Inner {
    server: String,
    tokens: Tokens,
    retry: Retry,
    timeout: Duration,
    on_retry: Option<OnRetry>,
}

/// What a client is made of; see [`Client::builder`].
#[derive(Default)]
pub struct Builder {
    server: String,
    token: Token,
    retry: Retry,
    timeout: Option<Duration>,
    authority: Option<Vec<u8>>,
    on_retry: Option<OnRetry>,
}

impl Client {
    /// A client of the service at this address (`http://` or `https://`).
    pub fn builder(server: impl Into<String>) -> Builder {
        Builder { server: server.into(), ..Builder::default() }
    }
}

impl Builder {
    /// Where the access token comes from.
    #[must_use]
    pub fn token(self, token: Token) -> Self {
        Self { token, ..self }
    }

    /// How often a call is made, and how long it rests between.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// How long one attempt of a call may take; 30 seconds when not said. Streams take as long as they take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// A certificate authority of your own (PEM), beside those of the system.
    #[must_use]
    pub fn authority(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { authority: Some(pem.into()), ..self }
    }

    /// Is told of each attempt that failed, and how long the client rests before the next.
    #[must_use]
    pub fn on_retry(self, tell: impl Fn(&Error, Duration) + Send + Sync + 'static) -> Self {
        Self { on_retry: Some(Arc::new(tell)), ..self }
    }

    /// The client. It connects with its first call, within the runtime of Tokio that this is called in.
    pub fn build(self) -> Result<Client, Error> {
        let Self { server, token, retry, timeout, authority, on_retry } = self;
        let wrong = |why: &dyn std::fmt::Display| Error::Local(format!("{server:?} cannot be called: {why}"));
        let mut endpoint = Endpoint::from_shared(server.clone().into_bytes())
            .and_then(|endpoint| endpoint.user_agent(concat!("steerco/", env!("CARGO_PKG_VERSION"))))
            .map_err(|error| wrong(&error))?
            .connect_timeout(Duration::from_secs(10))
            .http2_keep_alive_interval(ALIVE)
            .keep_alive_timeout(ALIVE);
        match endpoint.uri().scheme_str() {
            Some("http") => {}
            Some("https") => {
                let tls = ClientTlsConfig::new().with_native_roots();
                let tls = authority.map(Certificate::from_pem).into_iter().fold(tls, ClientTlsConfig::ca_certificate);
                endpoint = endpoint.tls_config(tls).map_err(|error| wrong(&error))?;
            }
            _ => return Err(wrong(&"an address begins with http:// or https://")),
        }
        let timeout = timeout.unwrap_or(Duration::from_secs(30));
        let inner = Inner { server, tokens: Tokens::new(token), retry, timeout, on_retry };
        Ok(Client { inner: Arc::new(inner), channel: endpoint.connect_lazy() })
    }
}

/// The path of an rpc of the service of a resource.
fn path(one: &str, rpc: &str) -> Result<PathAndQuery, Error> {
    let path = format!("/steerco.v1.{one}Service/{rpc}");
    path.parse().map_err(|_| Error::Local(format!("{path} is no path")))
}
