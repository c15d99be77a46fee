//! The contract and its pages, all of them inside the binary: nothing is loaded from elsewhere.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use steerco_domain::{Error, Reason};
use steerco_service::auth::Refusal as TokenRefusal;

use super::{reference, reply};
use crate::problem::{Answer, Refusal, slug};

/// The OpenAPI document, made when it is first asked for.
static OPENAPI: LazyLock<String> = LazyLock::new(crate::openapi::text);
/// Scripts and requests of this origin alone. The page sets styles by attribute, which only `unsafe-inline` allows.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";
/// A page of text and one inline style sheet.
const TEXT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";
pub(super) const PUBLIC: &str = "public, max-age=300";

/// FNV-1a: tells one edition of the document from another.
fn digest(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

pub(crate) async fn get_openapi(headers: HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{:016x}\"", digest(OPENAPI.as_bytes())));
    let given = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fixed = [(ETAG, TAG.as_str()), (CACHE_CONTROL, PUBLIC)];
    if given.is_some_and(|given| given.contains(TAG.as_str())) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(CONTENT_TYPE, reply::JSON)], OPENAPI.as_str()).into_response()
}

pub(crate) async fn to_docs() -> Redirect {
    Redirect::permanent("/docs")
}

/// The page loads its parts relative to itself.
pub(crate) async fn to_reference() -> Redirect {
    Redirect::permanent("/docs/api/")
}

pub(crate) async fn get_reference() -> Answer {
    docs_file("index.html")
}

pub(crate) async fn get_reference_file(file: Result<Path<String>, PathRejection>) -> Answer {
    // What is not UTF-8 is no file either.
    docs_file(file.as_deref().map_or("?", String::as_str))
}

fn docs_file(name: &str) -> Answer {
    let file = reference::find_file(name)
        .map_err(|cause| Error::internal(format!("a documentation file cannot be made: {cause}")))?;
    let mut response = file.ok_or_else(|| Refusal(Error::not_found("documentation file")))?.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reference::content_type(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    Ok(response)
}

pub(crate) async fn list_reasons(headers: HeaderMap) -> Answer {
    if wants_json(&headers) {
        let reasons: Vec<Value> = Reason::ALL.iter().copied().map(about).collect();
        return varying(&json!({"errors": reasons}));
    }
    let mut body = String::from("<h1>Errors</h1><ul>");
    for reason in Reason::ALL {
        let (status, code, slug) = (reason.http_status(), reason.code(), slug(*reason));
        let _ = write!(body, "<li>{status} <a href=\"/errors/{slug}\">{code}</a>: {}</li>", reason.title());
    }
    Ok(page("Errors", &(body + "</ul>")))
}

pub(crate) async fn get_reason(code: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Answer {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    let known = Reason::ALL.iter().copied().find(|reason| slug(*reason) == code);
    let reason = known.ok_or_else(|| Error::not_found("error; /errors lists all of them"))?;
    if wants_json(&headers) {
        return varying(&about(reason));
    }
    let again = if reason.retryable() { "may succeed" } else { "will fail" };
    let mut details = String::new();
    for (code, doc) in details_of(reason) {
        let _ = write!(details, "<tr><td><code>{code}</code></td><td>{doc}</td></tr>");
    }
    let body = format!(
        "<h1>{}</h1><p><code>{}</code> · HTTP {} · gRPC {}</p><p>{}</p><p>The same request {again} later without a \
         change.</p><table>{details}</table><p><a href=\"/errors\">All errors</a></p>",
        reason.title(),
        reason.code(),
        reason.http_status(),
        grpc(reason),
        reason.doc(),
    );
    Ok(page(reason.title(), &body))
}

/// The name of a reason's gRPC code.
fn grpc(reason: Reason) -> String {
    format!("{:?}", tonic::Code::from_i32(reason.grpc_code()))
}

/// Why a token is rejected, by the word in `detail`.
fn details_of(reason: Reason) -> impl Iterator<Item = (&'static str, &'static str)> {
    let refusals = if reason == Reason::Unauthenticated { TokenRefusal::ALL } else { &[] };
    refusals.iter().map(|refusal| refusal.explained())
}

fn about(reason: Reason) -> Value {
    let doc = reason.doc().split_whitespace().collect::<Vec<_>>().join(" ");
    json!({
        "code": reason.code(), "title": reason.title(), "doc": doc,
        "http_status": reason.http_status(), "grpc_code": grpc(reason), "retryable": reason.retryable(),
        "details": details_of(reason).map(|(code, doc)| json!({"code": code, "doc": doc})).collect::<Vec<_>>(),
    })
}

/// A page as JSON: caches must keep the two apart.
fn varying(value: &Value) -> Answer {
    let mut response = reply::json(StatusCode::OK, reply::JSON, value)?;
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// Programs ask for JSON, browsers for HTML; whoever does not say gets the page.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}

/// A page. Everything in it is written in this binary: nothing needs escaping.
pub(super) fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Steerco</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem}}\
         pre{{background:#f4f4f4;padding:.75rem;overflow-x:auto}}code{{font-size:.9em}}\
         td,th{{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}}</style>\
         </head><body>{body}</body></html>\n"
    );
    let head =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, PUBLIC), (CONTENT_SECURITY_POLICY, TEXT_POLICY)];
    (head, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_whole_and_stays_here() {
        for file in ["index.html", "swagger-initializer.js", "swagger-ui-bundle.js", "swagger-ui.css", "index.css"] {
            assert!(docs_file(file).is_ok(), "{file}");
        }
        for file in ["", "nothing", "../Cargo.toml", "index.html/..", "dist/index.html"] {
            assert_eq!(docs_file(file).unwrap_err().0.reason, Reason::NotFound, "{file}");
        }
        let initializer = reference::find_file("swagger-initializer.js").unwrap().unwrap();
        let text = String::from_utf8(initializer).unwrap();
        assert!(text.contains("/openapi.json") && !text.contains("://"), "{text}");
        for (file, kind) in
            [("index.html", "text/html"), ("swagger-ui.css", "text/css"), ("favicon-16x16.png", "image/png")]
        {
            assert_eq!(docs_file(file).unwrap().headers()[CONTENT_TYPE], kind);
        }
    }

    #[test]
    fn no_reason_needs_escaping() {
        for reason in Reason::ALL {
            assert!(!format!("{}{}{}", reason.title(), reason.code(), reason.doc()).contains(['<', '>', '&']));
        }
    }
}
