//! The gRPC door: one service for every rpc of `proto/steerco/v1`, found by its path. Requests are read and answers
//! written by the tables of their messages, so that nothing here is compiled for a resource.
//!
//! A resource and an operation are served when they are declared: see [`Serves`]. The outer layer has authenticated the
//! caller and named the request before anything here runs.

mod answers;
mod call;
#[cfg(test)]
mod contract_tests;
mod decode;
mod encode;
mod fits;
mod gate;
mod health;
mod mask;
mod ocds;
mod permissions;
mod request;
mod standard;
mod streams;
mod transport;
mod upserts;

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures::future::BoxFuture;
use steerco_domain::resource::Kind;
use steerco_proto::FILE_DESCRIPTOR_SET;
use steerco_proto::table::{RPCS, Rpc};
use steerco_service::operation::Operation;
use steerco_service::{AnyVerb, Service};
use tonic::service::Routes;

use crate::lazy::lazy;
use crate::operations::operations;
use crate::resources;
use call::{Call, answer};
use standard::Does;
use streams::ServeStreams;

/// The bytes of the greatest message that is read, compressed or not.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// What serves an rpc.
#[derive(Clone, Copy)]
enum Serves {
    /// What every resource has, or a verb on one.
    Standard(&'static Kind, Does),
    /// A stream of upserts of a kind.
    Upserts(&'static Kind),
    Streams(ServeStreams),
    /// An operation of its own.
    Operation(&'static Operation),
    /// What the messages say otherwise than REST.
    Own(ServeOwn),
}

/// What serves an rpc of one message and one answer.
type ServeOwn = fn(&'static Rpc, Service, Call, Bytes) -> BoxFuture<'static, standard::Served>;

/// What serves the rpc of this name, where neither a kind nor an operation says it.
fn own(name: &str) -> Option<ServeOwn> {
    Some(match name {
        "ListPermissions" => |rpc, service, call, bytes| Box::pin(permissions::list(rpc, service, call, bytes)),
        "GetOcdsReleasePackage" | "GetOcdsRecordPackage" => {
            |rpc, service, call, bytes| Box::pin(ocds::get(rpc, service, call, bytes))
        }
        "ListOcdsReleases" | "ListOcdsRecords" => {
            |rpc, service, call, bytes| Box::pin(ocds::list(rpc, service, call, bytes))
        }
        _ => return None,
    })
}

/// Every rpc by its path, with what serves it.
static TABLE: LazyLock<HashMap<&'static str, (&'static Rpc, Serves)>> = LazyLock::new(|| {
    let mut of_service: HashMap<&str, Vec<&'static Rpc>> = HashMap::new();
    for rpc in RPCS {
        of_service.entry(rpc.service).or_default().push(rpc);
    }
    let mut table = HashMap::with_capacity(RPCS.len());
    for (kind, mount) in resources::mounts() {
        let (verbs, many) = (mount().about.verbs, pascal(kind.plural));
        for rpc in of_service.get(format!("{}Service", kind.title).as_str()).into_iter().flatten() {
            let verb =
                || verbs.iter().find(|verb| verb.title == rpc.name).map(|verb| Does::Act(AnyVerb::new(kind, verb)));
            if rpc.streams && rpc.name.strip_prefix("Upsert") == Some(&many) {
                table.insert(rpc.path, (*rpc, Serves::Upserts(kind)));
            } else if let Some(does) = standard::standard(rpc.name, kind.title, &many).or_else(verb) {
                table.insert(rpc.path, (*rpc, Serves::Standard(kind, does)));
            }
        }
    }
    for rpc in RPCS {
        let serves = streams::find(rpc.name).map(Serves::Streams).or_else(|| own(rpc.name).map(Serves::Own));
        table.extend(serves.map(|serves| (rpc.path, (rpc, serves))));
    }
    for operation in operations() {
        let (service, name) = (format!("{}Service", operation.service), pascal(operation.id));
        let of = of_service.get(service.as_str()).into_iter().flatten();
        if let Some(rpc) = of.into_iter().find(|rpc| rpc.name == name) {
            table.insert(rpc.path, (*rpc, Serves::Operation(operation)));
        }
    }
    table
});

/// `milestone_updates` → `MilestoneUpdates`.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// All rpcs, health and reflection, without a fallback: an unknown path is for the outer router to answer.
pub(crate) fn routes(service: Service) -> Router {
    let names: BTreeSet<String> = RPCS.iter().map(|rpc| format!("steerco.v1.{}", rpc.service)).collect();
    let mut routes = Router::new();
    for name in &names {
        let service = service.clone();
        let serve = move |request: Request| serve(service.clone(), request);
        routes = routes.route(&format!("/{name}/{{*rpc}}"), any(serve));
    }
    let health = health::server(service, names.into_iter().collect());
    let routes = routes.merge(Routes::new(health).into_axum_router().reset_fallback());
    let reflection = lazy(reflector);
    let routes =
        REFLECTION.iter().fold(routes, |routes, name| routes.route(&format!("/{name}/{{*rpc}}"), reflection.clone()));
    routes.route_layer(axum::middleware::from_fn(gate::gate))
}

/// Serves a call of any rpc.
async fn serve(service: Service, request: Request) -> Response {
    let Some((rpc, serves)) = TABLE.get(request.uri().path()).copied() else {
        return tonic::Status::unimplemented("there is no such service or method").into_http();
    };
    match serves {
        Serves::Standard(kind, does) => {
            let unary = move |request| {
                let service = service.clone();
                Box::pin(answer(request, move |call, bytes| standard::serve(rpc, kind, does, service, call, bytes)))
                    as _
            };
            transport::unary(Box::new(unary), request).await
        }
        Serves::Operation(operation) => {
            let unary = move |request| {
                let service = service.clone();
                Box::pin(answer(request, move |call, bytes| operate(rpc, operation, service, call, bytes))) as _
            };
            transport::unary(Box::new(unary), request).await
        }
        Serves::Own(serve) => {
            let unary = move |request| {
                let service = service.clone();
                Box::pin(answer(request, move |call, bytes| serve(rpc, service, call, bytes))) as _
            };
            transport::unary(Box::new(unary), request).await
        }
        Serves::Upserts(kind) => {
            let streams = move |request| {
                let service = service.clone();
                Box::pin(answer(request, move |call, m| upserts::upsert_many(rpc, kind, service, call, m))) as _
            };
            transport::streams(Box::new(streams), request).await
        }
        Serves::Streams(serve) => {
            let streams = move |request| {
                let service = service.clone();
                Box::pin(answer(request, move |call, messages| serve(rpc, service, call, messages))) as _
            };
            transport::streams(Box::new(streams), request).await
        }
    }
}

/// Does an operation of its own.
async fn operate(
    rpc: &'static Rpc,
    operation: &'static Operation,
    service: Service,
    call: Call,
    bytes: Bytes,
) -> standard::Served {
    let mut arguments = standard::read(rpc, &bytes)?;
    let (validate_only, effective_at) = if operation.writes() {
        (arguments.flag("validate_only"), arguments.instant("effective_at")?)
    } else {
        (false, None)
    };
    let context = call.context(validate_only, effective_at);
    let answered = operation.call(service, context, arguments.0).await?;
    let mut response = standard::reply(rpc, &*answered.body);
    if let Some(etag) = &answered.etag {
        answers::set_etag(&mut response, etag);
    }
    if let Some(outcome) = answered.outcome {
        answers::mark(&mut response, outcome, answered.replayed);
    }
    Ok(response)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_is_served() {
        let missing: Vec<&str> = RPCS.iter().map(|rpc| rpc.path).filter(|path| !TABLE.contains_key(path)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// An operation without its rpc would be one that only REST has.
    #[test]
    fn every_operation_has_its_rpc() {
        for operation in operations() {
            let serves =
                |(_, serves): &&(&Rpc, Serves)| matches!(serves, Serves::Operation(it) if it.id == operation.id);
            assert!(TABLE.values().any(|entry| serves(&entry)), "{}", operation.id);
        }
    }
}
