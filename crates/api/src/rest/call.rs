//! Everything a request says beside its body.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use steerco_domain::{Error, Reason};
use steerco_service::{Caller, Context};

use super::params::{self, Parameter};
use super::query::Query;
use super::{Rest, body};
use crate::door::{RequestId, is_idempotency_key};
use crate::problem::Refusal;

/// Media types of a body that creates or acts.
pub(crate) const JSON: &[&str] = &["application/json"];
/// Media types of a body that changes.
pub(crate) const PATCH: &[&str] = &["application/merge-patch+json", "application/json"];
/// Header of the idempotency key.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request of an authenticated caller.
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) request_id: String,
    headers: HeaderMap,
    query: Option<String>,
    path: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let unauthenticated = || Error::new(Reason::Unauthenticated, "this operation needs an access token");
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.map_err(|_| Error::fault("", "BAD_ENCODING", "the path is not percent-encoded UTF-8"))?;
        check_body_headers(&parts.headers)?;
        Ok(Self {
            caller: parts.extensions.get::<Caller>().cloned().ok_or_else(unauthenticated)?,
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            headers: parts.headers.clone(),
            query: parts.uri.query().map(str::to_owned),
            path: path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        })
    }
}

impl Call {
    /// A part of the path, by its name in the route.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The parts of the path that are not fixed.
    pub(crate) fn path_parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.path.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn query(&self, known: &[&'static Parameter]) -> Result<Query, Error> {
        Query::read(self.query.as_deref(), known)
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that is given once or not at all: of two, nobody could say which counts.
    pub(crate) fn only(&self, name: &HeaderName) -> Result<Option<&str>, Error> {
        let mut given = self.headers.get_all(name).iter();
        let Some(value) = given.next() else { return Ok(None) };
        if given.next().is_some() {
            return Err(Error::fault(name.as_str(), "DUPLICATE", "must be given once"));
        }
        let detail = "must be visible ASCII";
        value.to_str().map(Some).map_err(|_| Error::fault(name.as_str(), "CONTROL_CHARACTER", detail))
    }

    /// What a read says beside its arguments.
    pub(crate) fn reading(&self) -> Context {
        Context {
            caller: self.caller.clone(),
            request_id: self.request_id.clone(),
            idempotency_key: None,
            if_match: None,
            validate_only: false,
            effective_at: None,
        }
    }

    /// Everything about a write beside its body.
    pub(crate) fn context(&self, query: &Query) -> Result<Context, Error> {
        if self.headers.contains_key(IF_NONE_MATCH) {
            let detail = "is for reading; a write takes If-Match, and makes nothing twice by external reference";
            return Err(Error::fault("If-None-Match", "DOES_NOT_FIT", detail));
        }
        Ok(Context {
            caller: self.caller.clone(),
            request_id: self.request_id.clone(),
            idempotency_key: self.idempotency_key()?,
            if_match: self.if_match()?,
            validate_only: query.flag(&params::VALIDATE_ONLY),
            effective_at: query.instant(&params::EFFECTIVE_AT),
        })
    }

    fn idempotency_key(&self) -> Result<Option<String>, Error> {
        let mut given = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = given.next() else { return Ok(None) };
        let text = key.to_str().ok().filter(|key| is_idempotency_key(key) && given.next().is_none());
        let refused =
            || Error::fault("Idempotency-Key", "BAD_KEY", "must be 1 to 255 printable ASCII characters, once");
        text.map(|key| Some(key.to_owned())).ok_or_else(refused)
    }

    /// The one ETag of `If-Match`; `*` says no more than that the resource exists.
    fn if_match(&self) -> Result<Option<String>, Error> {
        let mut given = self.headers.get_all(IF_MATCH).iter();
        let Some(value) = given.next() else { return Ok(None) };
        let text = value.to_str().ok().filter(|_| given.next().is_none()).map(str::trim).unwrap_or_default();
        if text == "*" {
            return Ok(Some(text.to_owned()));
        }
        let inner = text.strip_prefix("W/").unwrap_or(text);
        let inner = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
        let plain = |inner: &&str| inner.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        let inner = inner.filter(plain).filter(|inner| (1..=200).contains(&inner.len()));
        let detail = "must be one ETag in quotes, as the service gave it, or *";
        let inner = inner.ok_or_else(|| Error::fault("If-Match", "BAD_ETAG", detail))?;
        // A weak validator never matches (RFC 9110, 13.1.1): passed on with its mark it cannot.
        Ok(Some(if text.starts_with("W/") { text.to_owned() } else { inner.to_owned() }))
    }

    /// Whether the caller already holds this version.
    pub(crate) fn holds(&self, etag: &str) -> bool {
        let given = self.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = given.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|tag| {
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) == Some(etag)
        })
    }

    /// Whether the body is of one of these media types.
    pub(crate) fn is_media(&self, media: &[&str]) -> bool {
        is_media(&self.headers, media)
    }

    /// The object in the body. An empty body is an empty object where `optional`.
    pub(crate) async fn object(
        &self,
        rest: &Rest,
        body: Body,
        media: &[&str],
        optional: bool,
    ) -> Result<Map<String, Value>, Error> {
        let bytes = bytes(&self.headers, body, rest.options.body_limit).await?;
        if optional && bytes.is_empty() {
            return Ok(Map::new());
        }
        if !is_media(&self.headers, media) {
            let detail = format!("the body must be {}", media.join(" or "));
            return Err(Error::new(Reason::UnsupportedMediaType, detail));
        }
        body::object(&bytes)
    }

    /// Refuses a body that says something, where nothing can be said.
    pub(crate) async fn nothing(&self, rest: &Rest, body: Body) -> Result<(), Error> {
        let bytes = bytes(&self.headers, body, rest.options.body_limit).await?;
        let empty = bytes.is_empty() || body::object(&bytes).is_ok_and(|object| object.is_empty());
        if empty { Ok(()) } else { Err(Error::fault("", "DOES_NOT_FIT", "this operation takes no body")) }
    }
}

/// What would make the body another one than its bytes.
fn check_body_headers(headers: &HeaderMap) -> Result<(), Error> {
    let coded =
        headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if coded {
        return Err(Error::new(Reason::UnsupportedMediaType, "a body is taken as it is, without Content-Encoding"));
    }
    if headers.contains_key(CONTENT_RANGE) {
        return Err(Error::fault("Content-Range", "DOES_NOT_FIT", "a body is taken whole, not in parts"));
    }
    if headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        return Err(Error::fault("Content-Type", "DUPLICATE", "must be given once"));
    }
    Ok(())
}

/// Whether the body is of one of these media types.
pub(crate) fn is_media(headers: &HeaderMap, media: &[&str]) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    media.iter().any(|media| essence.eq_ignore_ascii_case(media))
}

/// How many times the limit a body may have that is read to its end all the same.
const DRAINED: u64 = 4;

/// Reads a body for nothing: a client that is still sending when the connection closes never sees why.
async fn drain(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The body, at most `limit` bytes of it; one that announces much more is not read at all.
pub(crate) async fn bytes(headers: &HeaderMap, body: Body, limit: usize) -> Result<axum::body::Bytes, Error> {
    let too_large = || Error::new(Reason::TooLarge, format!("a body may have {limit} bytes"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = announced.filter(|length| *length > limit as u64) {
        if length <= limit as u64 * DRAINED {
            drain(body).await;
        }
        return Err(too_large());
    }
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        let limited = source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if limited { too_large() } else { Error::new(Reason::Malformed, "the body broke off") }
    })
}
