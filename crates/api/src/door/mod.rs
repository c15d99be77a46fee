//! The layer around both doors. In this order: request id, log and figures, panics, the cap on what runs at once,
//! authentication by header alone, the caller's rate, the deadline of REST.
//!
//! Nothing is decoded before the caller is known, and only a short list of paths is open to everyone.

mod asked;
mod identity;
mod limit;
mod observe;
mod share;
mod trace;

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::header::{CACHE_CONTROL, HeaderName, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method};
use metrics_exporter_prometheus::PrometheusHandle;
use steerco_domain::{Error, Reason};
use steerco_service::Service;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::Options;
use crate::problem::{self, Refusal};
use asked::Asked;
pub(crate) use asked::log as log_failure;
pub use identity::RequestId;
pub(crate) use identity::is_idempotency_key;
use limit::{Limiter, Rate};
use observe::{Line, Observed};
use share::Shares;

/// Header of the request id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What is known of a request that is answered by nothing in time.
const LATE: &str = "the answer took longer than the service allows. A read has been stopped: ask for less. A write may still be \
                    carried out: repeat it with the same Idempotency-Key to learn what became of it";
/// Requests between two moments of tidying up.
const TIDY_EVERY: u64 = 4096;

/// Which door a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Rest,
    Grpc,
}

/// What the layer needs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    service: Service,
    options: Options,
    running: Arc<Semaphore>,
    shares: Shares,
    limiter: Limiter,
    /// Of addresses that ask for tokens.
    token_limiter: Limiter,
    figures: PrometheusHandle,
    served: AtomicU64,
}

/// What is learnt about a request on its way in.
#[derive(Default)]
struct Notes {
    subject: Option<String>,
    rate: Option<Rate>,
}

impl Door {
    pub(crate) fn new(service: Service, options: Options) -> Self {
        let running = Arc::new(Semaphore::new(options.concurrency));
        let shares = Shares::new(options.concurrency_per_caller);
        let limiter = Limiter::new(options.rate_per_second, options.rate_burst);
        let token_limiter = Limiter::new(options.tokens_per_second, options.tokens_per_second);
        let figures = observe::recorder();
        Self(Arc::new(Inner {
            service,
            options,
            running,
            shares,
            limiter,
            token_limiter,
            figures,
            served: AtomicU64::new(0),
        }))
    }

    /// The figures `/metrics` shows.
    pub(crate) fn figures(&self) -> PrometheusHandle {
        self.0.figures.clone()
    }

    /// Lets the request through, or refuses it.
    async fn pass(
        &self,
        via: Protocol,
        notes: &mut Notes,
        asked: &Asked,
        mut request: Request,
        next: Next,
    ) -> Result<Response, Error> {
        let _running = self.enter(request.uri().path())?;
        let mut _place = None;
        if !is_public(via, request.uri().path()) {
            let caller = self.0.service.authenticate(bearer(request.headers())?).await?;
            let previews: Vec<&HeaderValue> = request.headers().get_all(PREVIEW).iter().collect();
            let caller = match previews.as_slice() {
                [] => caller,
                [partner] => caller.preview_as(partner.to_str().unwrap_or_default()),
                _ => return Err(Error::fault(PREVIEW, "DUPLICATE", "must be given once")),
            };
            asked.set_caller(caller.subject(), caller.organisation());
            notes.subject = Some(caller.subject().to_owned());
            let (rate, allowed) = self.0.limiter.check(&caller.key());
            notes.rate = Some(rate);
            allowed?;
            _place = Some(self.0.shares.enter(caller.key())?);
            request.extensions_mut().insert(caller);
        } else if request.uri().path() == "/oauth2/token" || request.uri().path().starts_with("/calendars/") {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
            let address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
            let (rate, allowed) = self.0.token_limiter.check(&address.to_string());
            notes.rate = Some(rate);
            allowed?;
            _place = Some(self.0.shares.enter(address.to_string())?);
        }
        match via {
            Protocol::Grpc => Ok(next.run(request).await),
            Protocol::Rest => {
                let late = |_| Error::new(Reason::Deadline, LATE);
                // A content has a time of its own to arrive in.
                let more = if is_upload(&request) { steerco_service::UPLOAD_MAX } else { Duration::ZERO };
                tokio::time::timeout(self.0.options.request_timeout + more, next.run(request)).await.map_err(late)
            }
        }
    }

    /// A place among the running requests. Health answers always: an overloaded server is not a dead one.
    fn enter(&self, path: &str) -> Result<Option<OwnedSemaphorePermit>, Error> {
        if matches!(path, "/livez" | "/readyz") {
            return Ok(None);
        }
        let permit = Arc::clone(&self.0.running).try_acquire_owned();
        permit.map(Some).map_err(|_| Error::unavailable("as many requests run as may run at once"))
    }

    /// Memory of callers that went away and of samples nobody fetched is given back.
    fn tidy(&self) {
        if self.0.served.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.0.limiter.shrink();
            self.0.token_limiter.shrink();
            self.0.figures.run_upkeep();
        }
    }

    /// Where a client without a token learns how to get one (RFC 9728).
    fn challenge(&self, had_token: bool) -> HeaderValue {
        let options = &self.0.options;
        let base = if options.base_url.is_empty() { self.0.service.issuer() } else { &options.base_url };
        let error = if had_token { "error=\"invalid_token\", " } else { "" };
        let text = format!("Bearer {error}resource_metadata=\"{base}/.well-known/oauth-protected-resource\"");
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// The layer of the REST door.
pub(crate) async fn rest(State(door): State<Door>, request: Request, next: Next) -> Response {
    guard(door, Protocol::Rest, request, next).await
}

/// The layer of the gRPC door.
pub(crate) async fn grpc(State(door): State<Door>, request: Request, next: Next) -> Response {
    guard(door, Protocol::Grpc, request, next).await
}

async fn guard(door: Door, via: Protocol, mut request: Request, next: Next) -> Response {
    door.tidy();
    let id = identity::of(request.headers());
    let had_token = request.headers().contains_key(http::header::AUTHORIZATION);
    let mut line = Line::begin(via, &request, &id, door.0.options.traces);
    request.extensions_mut().insert(id.clone());
    let mut notes = Notes::default();
    let asked = line.asked();
    let passed = asked.serve(AssertUnwindSafe(door.pass(via, &mut notes, &asked, request, next)).catch_unwind()).await;
    let refused = |error| asked.step(|| refuse(via, &error, &id));
    let mut response = match passed {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => refused(error),
        Err(panic) => refused(Error::internal(format!("a handler panicked: {}", said(&*panic)))),
    };
    if let Some(Refusal(error)) = response.extensions_mut().remove() {
        response = refused(error);
    }
    line.subject = notes.subject;
    line.status = response.status();
    let challenge = (line.status == http::StatusCode::UNAUTHORIZED).then(|| door.challenge(had_token));
    finish(response.headers_mut(), via, &id, notes.rate, challenge);
    Observed::watch(response, line, asked)
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

fn refuse(via: Protocol, error: &Error, id: &RequestId) -> Response {
    match via {
        Protocol::Rest => problem::to_response(error, &id.0),
        Protocol::Grpc => problem::to_status(error, &id.0).into_http::<Body>(),
    }
}

/// The headers every answer has.
fn finish(headers: &mut HeaderMap, via: Protocol, id: &RequestId, rate: Option<Rate>, challenge: Option<HeaderValue>) {
    if let Ok(id) = HeaderValue::try_from(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
    if via == Protocol::Grpc {
        return;
    }
    if let Some(rate) = rate {
        rate.write(headers);
    }
    if let Some(challenge) = challenge {
        headers.entry(WWW_AUTHENTICATE).or_insert(challenge);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The partner as which the caller looks, in a header or the metadata of a call.
const PREVIEW: &str = "preview-as-partner";

/// Whether this brings the content of an attachment.
fn is_upload(request: &Request) -> bool {
    request.method() == Method::PUT && request.uri().path().ends_with("/content")
}

/// The bearer token, if there is one. Two of them are none: which one counts must not be a guess.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let refused = |detail: &str| Err(Error::new(Reason::Unauthenticated, detail));
    let mut given = headers.get_all(http::header::AUTHORIZATION).iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return refused("there is more than one Authorization header");
    }
    let token = first.to_str().ok().and_then(|text| text.split_once(' '));
    match token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => Ok(Some(token.trim())),
        None => refused("the Authorization header must be `Bearer` and an access token"),
    }
}

/// The paths that need no token; everything else does, also what does not exist.
fn is_public(via: Protocol, path: &str) -> bool {
    let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match via {
        Protocol::Rest => {
            matches!(path, "/livez" | "/readyz" | "/openapi.json" | "/llms.txt" | "/oauth2/token")
                || ["/docs", "/errors", "/proto", "/.well-known", "/calendars"].into_iter().any(below)
        }
        Protocol::Grpc => {
            let services = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
            let alpha = "grpc.reflection.v1alpha.ServerReflection";
            let service = path.strip_prefix('/').and_then(|path| path.split_once('/')).map(|(service, _)| service);
            service.is_some_and(|service| services.contains(&service) || service == alpha)
        }
    }
}

#[cfg(test)]
mod tests;
