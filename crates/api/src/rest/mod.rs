//! The REST door.

mod batch;
mod body;
pub(crate) mod calendar_feed;
pub(crate) mod call;
pub(crate) mod content;
mod contract;
mod discovery;
mod docs;
mod events;
pub(crate) mod export;
mod health;
pub(crate) mod import;
pub(crate) mod import_job;
pub(crate) mod mount;
mod oauth;
pub(crate) mod ocds;
pub(crate) mod operations;
mod pages;
pub(crate) mod params;
mod pointers;
mod query;
mod read;
mod reference;
pub(crate) mod reply;
mod upserts;
pub(crate) mod write;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http::header::CONTENT_DISPOSITION;
use http::{Extensions, HeaderMap, StatusCode, Version};
use metrics_exporter_prometheus::PrometheusHandle;
use steerco_domain::{Error, KINDS, RECORDS, Reason};
use steerco_service::Service;
use steerco_service::operations::of_kind;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

use crate::door::Door;
use crate::lazy::lazy;
use crate::operations::operations;
use crate::options::Options;
use crate::problem::Refusal;

pub use body::Strictly;
pub(crate) use call::{JSON, PATCH};
pub(crate) use discovery::scopes;
pub(crate) use health::FIGURES;
pub(crate) use reply::PARTIAL;

/// What handlers reach; cheap to clone.
#[derive(Clone)]
pub(crate) struct Rest {
    pub(crate) service: Service,
    pub(crate) options: Arc<Options>,
    figures: PrometheusHandle,
}

impl Rest {
    /// The address of this service, for documents that must name it in full.
    fn base_url(&self) -> &str {
        if self.options.base_url.is_empty() { self.service.issuer() } else { &self.options.base_url }
    }
}

/// Every route of the REST door. Those of a resource are made when one of them is first asked for.
pub(crate) fn router(service: Service, options: Options, door: &Door) -> Router {
    let rest = Rest { service, options: Arc::new(options), figures: door.figures() };
    KINDS.iter().chain(RECORDS).fold(behind(door, &rest, others()), |router, kind| {
        let (door, rest, path) = (door.clone(), rest.clone(), format!("/v1/{}", kind.path()));
        let routes = lazy(move || behind(&door, &rest, mount::mount(of_kind(kind))));
        router.route(&path, routes.clone()).route(&format!("{path}/{{*rest}}"), routes)
    })
}

/// What every route stands behind.
fn behind(door: &Door, rest: &Rest, routes: Router<Rest>) -> Router {
    routes
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CompressionLayer::new().gzip(true).compress_when(DefaultPredicate::new().and(is_no_content)))
        .with_state(rest.clone())
        .layer(from_fn_with_state(door.clone(), crate::door::rest))
}

/// A content is sent as it was stored: its validator and its ranges are of those bytes.
fn is_no_content(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(CONTENT_DISPOSITION)
}

/// The routes that belong to no resource.
fn others() -> Router<Rest> {
    mount::mount(operations().filter(|entry| entry.kind.is_none()))
        .route("/calendars/{id}/{owner}/{secret}", get(calendar_feed::get_calendar))
        .route("/oauth2/token", post(oauth::issue_token))
        .route("/.well-known/jwks.json", get(discovery::get_jwks))
        .route("/.well-known/oauth-authorization-server", get(discovery::get_authorization_server))
        .route("/.well-known/oauth-protected-resource", get(discovery::get_protected_resource))
        .route("/livez", get(health::get_liveness))
        .route("/readyz", get(health::get_readiness))
        .route("/metrics", get(health::get_metrics))
        .route("/openapi.json", get(docs::get_openapi))
        .route("/docs", get(pages::list_pages))
        .route("/docs/", get(docs::to_docs))
        .route("/docs/{page}", get(pages::get_page))
        .route("/docs/api", get(docs::to_reference))
        .route("/docs/api/", get(docs::get_reference))
        .route("/docs/api/{*file}", get(docs::get_reference_file))
        .route("/llms.txt", get(contract::get_llms_txt))
        .route("/proto", get(contract::list_protos))
        .route("/proto/descriptor.binpb", get(contract::get_descriptor_set))
        .route("/proto/steerco/v1/{file}", get(contract::get_proto))
        .route("/errors", get(docs::list_reasons))
        .route("/errors/{code}", get(docs::get_reason))
}

async fn no_route() -> Refusal {
    Error::new(Reason::NoRoute, "no operation has this path; see /docs").into()
}

async fn no_method() -> Refusal {
    Error::new(Reason::MethodNotAllowed, "this path exists, but not with this method; see Allow").into()
}
