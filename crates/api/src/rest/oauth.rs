//! The token endpoint (RFC 6749, client credentials). Its errors are those of the RFC, not problems.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use steerco_domain::{Error, Reason};

use super::Rest;
use super::call::{bytes, is_media};
use super::query::{decode, pairs};
use super::reply;
use crate::problem::{Answer, Refusal};

/// Bytes a token request may have.
const LIMIT: usize = 16 * 1024;
/// Parameters this endpoint knows; others are ignored, as the RFC asks.
const KNOWN: [&str; 4] = ["grant_type", "scope", "client_id", "client_secret"];

/// A refusal in the words of RFC 6749.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    error: &'static str,
    description: String,
}

fn refused<T>(error: &'static str, description: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { error, description: description.into() })
}

/// A token request.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    client_id: String,
    client_secret: String,
    scope: Option<String>,
}

pub(crate) async fn issue_token(
    State(rest): State<Rest>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let bytes = bytes(&headers, body, LIMIT).await?;
    if !is_media(&headers, &["application/x-www-form-urlencoded"]) {
        let detail = "the body must be application/x-www-form-urlencoded";
        return Err(Error::new(Reason::UnsupportedMediaType, detail).into());
    }
    if query.is_some_and(|query| !query.is_empty()) {
        // Secrets in addresses end up in logs, and a scope that is overlooked narrows nothing.
        let description = "parameters belong into the body".to_owned();
        return answer_refusal(&Refused { error: "invalid_request", description });
    }
    let request = match read(&headers, &bytes) {
        Ok(request) => request,
        Err(refused) => return answer_refusal(&refused),
    };
    let Request { client_id, client_secret, scope } = &request;
    match rest.service.issue_token(client_id, client_secret, scope.as_deref()).await {
        Ok((token, seconds, scope)) => {
            let mut body = json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds});
            if let Some(scope) = scope {
                body["scope"] = scope.into();
            }
            Ok(no_store(reply::json(StatusCode::OK, reply::JSON, &body)?))
        }
        Err(error) => answer_refusal(&in_oauth_words(error)?),
    }
}

/// What the RFC has no word for stays a problem.
fn in_oauth_words(error: Error) -> Result<Refused, Refusal> {
    let word = match error.reason {
        Reason::Unauthenticated => "invalid_client",
        Reason::Forbidden | Reason::Invalid => "invalid_scope",
        _ => return Err(error.into()),
    };
    Ok(Refused { error: word, description: error.detail })
}

fn answer_refusal(refused: &Refused) -> Answer {
    let unknown_client = refused.error == "invalid_client";
    let status = if unknown_client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let body = json!({"error": refused.error, "error_description": plain(&refused.description)});
    let mut response = no_store(reply::json(status, reply::JSON, &body)?);
    if unknown_client {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"steerco\""));
    }
    response.headers_mut().remove(RETRY_AFTER);
    Ok(response)
}

/// The characters RFC 6749 allows in a description.
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' }).collect()
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Request, Refused> {
    let text = std::str::from_utf8(body).ok().and_then(|text| pairs(text).ok());
    let Some(pairs) = text else { return refused("invalid_request", "the body is not form-encoded") };
    for name in KNOWN {
        if pairs.iter().filter(|(given, _)| given == name).count() > 1 {
            return refused("invalid_request", format!("{name} is given more than once"));
        }
    }
    let form = |name: &str| {
        pairs.iter().find(|(given, value)| given == name && !value.is_empty()).map(|(_, value)| value.clone())
    };
    let (client_id, client_secret) = client(headers, form("client_id"), form("client_secret"))?;
    match form("grant_type").as_deref() {
        Some("client_credentials") => Ok(Request { client_id, client_secret, scope: scope(form("scope"))? }),
        Some(_) => refused("unsupported_grant_type", "only client_credentials is supported"),
        None => refused("invalid_request", "grant_type is missing"),
    }
}

fn scope(scope: Option<String>) -> Result<Option<String>, Refused> {
    let fits = |scope: &String| {
        scope.len() <= 4_000 && scope.bytes().all(|b| matches!(b, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'))
    };
    match scope {
        Some(scope) if !fits(&scope) => refused("invalid_scope", "the scope has characters that no scope has"),
        scope => Ok(scope),
    }
}

/// The credentials, in the header or in the form, never in both.
fn client(headers: &HeaderMap, id: Option<String>, secret: Option<String>) -> Result<(String, String), Refused> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = given.next() else {
        return match (id, secret) {
            (Some(id), Some(secret)) => Ok((id, secret)),
            _ => refused("invalid_client", "client_id and client_secret are needed"),
        };
    };
    if given.next().is_some() {
        return refused("invalid_request", "there is more than one Authorization header");
    }
    if secret.is_some() {
        return refused("invalid_request", "credentials stand both in the header and in the form");
    }
    match header.to_str().ok().and_then(basic) {
        Some((named, _)) if id.as_ref().is_some_and(|id| *id != named) => {
            refused("invalid_request", "client_id differs between header and form")
        }
        Some(credentials) => Ok(credentials),
        None => refused("invalid_client", "the Authorization header is not Basic with client id and secret"),
    }
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decode(id)?, decode(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(header: Option<&str>, body: &str) -> Result<Request, &'static str> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
        }
        read(&headers, body.as_bytes()).map_err(|refused| refused.error)
    }

    #[test]
    fn both_ways_to_say_who_asks() {
        let basic = format!("basic {}", BASE64_STANDARD.encode("sacc_1:s%2Bx"));
        let request = with(Some(&basic), "grant_type=client_credentials&scope=risks%3Aread+risks:write").unwrap();
        assert_eq!((request.client_id.as_str(), request.client_secret.as_str()), ("sacc_1", "s+x"));
        assert_eq!(request.scope.as_deref(), Some("risks:read risks:write"));
        let form = "client_id=sacc_1&client_secret=s%2Bx&grant_type=client_credentials&resource=x";
        assert_eq!(with(None, form).unwrap(), Request { scope: None, ..request });
    }

    #[test]
    fn refusals_use_the_words_of_the_rfc() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("a:b"));
        let cases = [
            (None, "grant_type=client_credentials", "invalid_client"),
            (Some("Bearer x"), "grant_type=client_credentials", "invalid_client"),
            (Some("Basic !"), "grant_type=client_credentials", "invalid_client"),
            (Some(basic.as_str()), "grant_type=password", "unsupported_grant_type"),
            (Some(&basic), "", "invalid_request"),
            (Some(&basic), "grant_type=client_credentials&client_secret=b", "invalid_request"),
            (Some(&basic), "grant_type=client_credentials&client_id=c", "invalid_request"),
            (Some(&basic), "grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
            (Some(&basic), "grant_type=client_credentials&scope=a%0Ab", "invalid_scope"),
            (None, "%", "invalid_request"),
        ];
        for (header, body, expected) in cases {
            assert_eq!(with(header, body).unwrap_err(), expected, "{body}");
        }
    }
}
