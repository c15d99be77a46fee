//! The gRPC door: every rpc of `proto/steerco/v1`, each a call of the function of the service that REST calls too.
//!
//! To add a resource: its proto, a file here that hands its field list to [`macros::resource_service`], and a line in
//! [`routes`]. The outer layer has authenticated the caller and named the request before anything here runs.

mod bridge;
mod budget;
mod budget_transfer;
mod call;
#[cfg(test)]
mod contract_tests;
mod event;
mod exchange_rate;
mod export;
mod financials;
mod fits;
mod gate;
mod health;
mod macros;
mod metric;
mod permission;
mod plain;
mod serve;
mod table_wire;
mod upserts;
mod wire;
mod wire_claims;
mod wire_settlement;

mod activity;
mod actuals_batch;
mod attachment;
mod authority_limit;
mod calendar_feed;
mod coding_rule;
mod comment;
mod commitment;
mod consumer;
mod cost_category;
mod deliverable;
mod dependency;
mod engagement;
mod engagement_amendment;
mod fiscal_calendar;
mod fiscal_period;
mod forecast;
mod functional_area;
mod grant;
mod import_job;
mod invoice;
mod ledger_entry;
mod legal_entity;
mod mapping_profile;
mod milestone;
mod milestone_update;
mod organisation;
mod partner;
mod payable;
mod person;
mod portfolio;
mod principal;
mod program;
mod project;
mod purchase_order_batch;
mod rate_card;
mod retention_release;
mod review;
mod risk;
mod service_account;
mod service_level_measurement;
mod settlement;
mod source;
mod vendor_statement;
mod webhook_endpoint;
mod work_calendar;

use std::collections::HashMap;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use steerco_domain::{KINDS, RECORDS};
use steerco_proto::FILE_DESCRIPTOR_SET;
use steerco_proto::erased::{self, Limits};
use tonic::codec::{CompressionEncoding, EnabledCompressionEncodings};
use tower::ServiceExt;
use steerco_service::Service;
use tonic::server::NamedService;
use tonic::service::Routes;

use crate::lazy::lazy;

/// The bytes of the greatest message that is read, compressed or not.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// Behind every rpc.
#[derive(Clone)]
struct Door(Service);

/// Sets the limits of a generated server.
macro_rules! limited {
    ($server:expr) => {
        $server
            .max_decoding_message_size($crate::grpc::MESSAGE_MAX)
            .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
            .send_compressed(tonic::codec::CompressionEncoding::Gzip)
    };
}
use limited;

/// Servers of rpcs that are more than tables, each made when it is first asked.
macro_rules! servers {
    ($door:ident: $($module:ident),* $(,)?) => {{
        let mut servers = HashMap::new();
        $(
            let door = $door.clone();
            servers.insert(name($module::server), lazy(move || Routes::new($module::server(&door)).into_axum_router()));
        )*
        servers
    }};
}

/// The name of a server.
fn name<S: NamedService>(_: impl Fn(&Door) -> S) -> &'static str {
    S::NAME
}

/// All rpcs, health and reflection, without a fallback: an unknown path is for the outer router to answer.
pub(crate) fn routes(service: Service) -> Router {
    let door = Door(service.clone());
    let mut servers = servers!(door:
        attachment, budget, calendar_feed, consumer, engagement, exchange_rate, fiscal_period, import_job, invoice, partner, portfolio, program,
        project, service_account, webhook_endpoint, actuals_batch, purchase_order_batch, export, event, permission, metric);
    let mut routes = Router::new();
    let mut names: Vec<&'static str> = servers.keys().copied().collect();
    for kind in KINDS.iter().chain(RECORDS) {
        let name: &'static str = format!("steerco.v1.{}Service", kind.title).leak();
        let (door, own) = (door.clone(), servers.remove(name));
        if own.is_none() {
            names.push(name);
        }
        routes = routes.route(&format!("/{name}/{{*rpc}}"), any(move |request: Request| dispatch(door, own, request)));
    }
    for (name, server) in servers {
        routes = routes.route(&format!("/{name}/{{*rpc}}"), server);
    }
    let routes = routes.merge(Routes::new(health::server(service, names)).into_axum_router().reset_fallback());
    let reflection = lazy(reflector);
    let routes =
        REFLECTION.iter().fold(routes, |routes, name| routes.route(&format!("/{name}/{{*rpc}}"), reflection.clone()));
    routes.route_layer(axum::middleware::from_fn(gate::gate))
}

/// Tables first, then what a service has of its own.
async fn dispatch(door: Door, own: Option<MethodRouter>, request: Request) -> Response {
    if let Some(plain) = plain::find(request.uri().path()) {
        let serving = Box::new(plain::Serving { door, plain });
        let mut gzip = EnabledCompressionEncodings::default();
        gzip.enable(CompressionEncoding::Gzip);
        let limits = Limits { accept: gzip, send: gzip, max_decoding: Some(MESSAGE_MAX), max_encoding: None };
        let request = request.map(tonic::body::Body::new);
        let Ok(response) = if plain.is_stream() {
            erased::streams(limits, serving, request).await
        } else {
            erased::unary(limits, serving, request).await
        };
        return response.map(axum::body::Body::new);
    }
    match own {
        Some(own) => {
            let Ok(response) = own.oneshot(request).await;
            response
        }
        None => tonic::Status::unimplemented("there is no such service or method").into_http(),
    }
}

/// In both versions, as many tools still ask for the older one.
const REFLECTION: [&str; 2] = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

fn reflection_builder() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn reflector() -> Router {
    let routes = match (reflection_builder().build_v1(), reflection_builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => Routes::new(v1).add_service(v1alpha),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "reflection is off: the compiled protos cannot be read");
            Routes::default()
        }
    };
    routes.into_axum_router()
}
