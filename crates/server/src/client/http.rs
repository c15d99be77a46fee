//! Calls of the REST door, repeated while that can help. A write that is repeated keeps its idempotency key, so that
//! it has one effect however often the connection breaks.

use std::fmt::{self, Write};
use std::time::Duration;

use anyhow::Context;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::args::Remote;
use super::profile::{Target, Token};
use super::rpc;

/// Attempts of one call.
const ATTEMPTS: u32 = 5;
/// The longest wait before another attempt.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A server, as one caller.
pub(crate) struct Api {
    client: reqwest::Client,
    target: Target,
    timeout: Duration,
    /// Fetches the tokens of an account.
    account: Option<steerco_client::Client>,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Below the server's address, with percent-encoded parts.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    /// Media type and content.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Call {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, query: Vec::new(), body: None, headers: Vec::new() }
    }

    /// Adds a query parameter if there is a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_owned())));
        self
    }
}

/// A response of the server, unread.
pub(crate) struct Raw {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// A response of the server, read as JSON.
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A refusal, as problem+json says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) status: u16,
    pub(crate) detail: String,
    pub(crate) code: String,
    pub(crate) request_id: String,
    pub(crate) retryable: bool,
    pub(crate) etag: Option<String>,
    pub(crate) errors: Vec<Fault>,
}

/// One fault of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fault {
    pub(crate) pointer: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

impl fmt::Display for Problem {
    /// What is wrong, each fault on a line of its own, and by which id the server's log knows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = if self.code.is_empty() { &self.title } else { &self.code };
        write!(f, "{} {code}", self.status)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for fault in &self.errors {
            let at = if fault.pointer.is_empty() { "the request" } else { &fault.pointer };
            write!(f, "\n  {at}: {} ({})", fault.detail, fault.code)?;
        }
        if !self.request_id.is_empty() {
            write!(f, "\n  request {}", self.request_id)?;
        }
        Ok(())
    }
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server said no.
    Refused(Box<Problem>),
    /// No server answered.
    Unreachable(String),
    /// The call could not even be made.
    Local(anyhow::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => problem.fmt(f),
            Self::Unreachable(why) => f.write_str(why),
            Self::Local(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// 1 failed here, 4 refused, 5 not found, 6 not allowed, 7 out of reach.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Local(_) => 1,
            Self::Unreachable(_) => 7,
            Self::Refused(problem) => match problem.status {
                401 | 403 => 6,
                404 => 5,
                429 | 500.. => 7,
                _ => 4,
            },
        }
    }

    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Unreachable(_) => false,
            Self::Refused(problem) => !problem.retryable,
        }
    }
}

impl Api {
    pub(crate) fn new(remote: &Remote) -> anyhow::Result<Self> {
        let target = Target::find(remote, &|name| std::env::var(name).ok())?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("steerco/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // A redirect could carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(file) = &target.ca_file {
            let pem = std::fs::read(file).with_context(|| format!("ca_file {}", file.display()))?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().context("no HTTP client can be made")?;
        let timeout = Duration::from_secs(remote.timeout.max(1));
        let fetches = matches!(target.token, Token::Credentials { .. });
        let account = fetches.then(|| rpc::connect_to(target.clone(), timeout)).transpose()?;
        Ok(Self { client, target, timeout, account })
    }

    /// Makes the call, again while that can help.
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, Failure> {
        self.read(self.fetch(call).await?)
    }

    /// Makes the call, once.
    pub(crate) async fn once(&self, call: &Call) -> Result<Reply, Failure> {
        self.read(self.attempt(call).await.map_err(|(failure, _)| failure)?)
    }

    fn read(&self, raw: Raw) -> Result<Reply, Failure> {
        let wrong = |_| Failure::Unreachable(format!("{} does not answer as Steerco does", self.target.server));
        Ok(Reply { body: serde_json::from_slice(&raw.bytes).map_err(wrong)?, headers: raw.headers })
    }

    /// Makes a call whose answer may be anything, again while that can help.
    pub(crate) async fn fetch(&self, call: &Call) -> Result<Raw, Failure> {
        let mut attempt = 1;
        loop {
            let (failure, wait) = match self.attempt(call).await {
                Ok(raw) => return Ok(raw),
                Err(failure) => failure,
            };
            // A write without a key could have had its effect already.
            let safe = call.method == Method::GET || call.headers.iter().any(|(name, _)| *name == "idempotency-key");
            if failure.is_final() || !safe || attempt == ATTEMPTS {
                return Err(failure);
            }
            tokio::time::sleep(wait.unwrap_or_else(|| pause(attempt))).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Raw, (Failure, Option<Duration>)> {
        let exchange = async {
            let response = self.send(call).await.map_err(|failure| (failure, None))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let bytes = response.bytes().await.map_err(|error| (self.unreachable(&error), None))?;
            if !status.is_success() {
                return Err((Failure::Refused(Box::new(problem(status, &bytes))), retry_after(&headers)));
            }
            Ok(Raw { headers, bytes: bytes.into() })
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(|_| {
            let why = format!("{} did not answer within {} s", self.target.server, self.timeout.as_secs());
            Err((Failure::Unreachable(why), None))
        })
    }

    async fn send(&self, call: &Call) -> Result<Response, Failure> {
        let url = format!("{}{}", self.target.server, call.path);
        let mut request = self.client.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        let token = match &self.account {
            Some(account) => account.access_token().await?,
            None => self.target.token.read().map_err(Failure::Local)?,
        };
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some((media, body)) = &call.body {
            request = request.header("content-type", *media).body(body.clone());
        }
        let request = request.build().map_err(|error| Failure::Local(error.into()))?;
        self.client.execute(request).await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut why = format!("{} cannot be reached", self.target.server);
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            // The last one says what happened; those above only where.
            cause = inner.source();
            if cause.is_none() {
                let _ = write!(why, ": {inner}");
            }
        }
        Failure::Unreachable(why)
    }
}

/// How long to wait before attempt `attempt` + 1: a quarter of a second, doubled each time.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(250 << attempt.saturating_sub(1).min(6)).min(WAIT_MAX)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

/// The refusal in a body; what stands between may answer in its own way.
fn problem(status: StatusCode, bytes: &[u8]) -> Problem {
    let read: Option<Problem> = serde_json::from_slice(bytes).ok();
    let retryable = matches!(status.as_u16(), 429 | 502 | 503 | 504);
    let foreign = || Problem {
        title: status.canonical_reason().unwrap_or("refused").to_owned(),
        retryable,
        ..Problem::default()
    };
    let mut problem = read.filter(|problem| !problem.code.is_empty()).unwrap_or_else(foreign);
    problem.status = status.as_u16();
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_all_its_faults() {
        let body = br#"{"code":"INVALID","detail":"2 faults","request_id":"req-1","errors":[
            {"pointer":"/title","code":"REQUIRED","detail":"is required"},{"code":"X","detail":"is odd"}]}"#;
        let told = problem(StatusCode::BAD_REQUEST, body).to_string();
        assert_eq!(
            told,
            "400 INVALID: 2 faults\n  /title: is required (REQUIRED)\n  the request: is odd (X)\n  request req-1"
        );
        let proxy = problem(StatusCode::BAD_GATEWAY, b"<html>");
        assert!(proxy.retryable && proxy.to_string() == "502 Bad Gateway");
    }

    #[test]
    fn exit_codes_tell_kinds_of_failure_apart() {
        let refused = |status| Failure::Refused(Box::new(Problem { status, ..Problem::default() })).exit_code();
        assert_eq!([400, 401, 403, 404, 409, 412, 503].map(refused), [4, 6, 6, 5, 4, 4, 7]);
        assert_eq!(Failure::Unreachable(String::new()).exit_code(), 7);
    }

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(pause(1), Duration::from_millis(250));
        assert_eq!(pause(3), Duration::from_secs(1));
        assert_eq!(pause(40), Duration::from_secs(16));
    }
}
