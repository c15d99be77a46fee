//! The gRPC door: one service for every rpc of `proto/steerco/v1`, found by its path. Requests are read and answers
//! written by the tables of their messages, so that nothing here is compiled for a resource.
//!
//! It is a rendering of the table of operations: what is declared there is served here. The outer layer has authenticated
//! the caller and named the request before anything here runs.

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
use futures::FutureExt;
use futures::future::BoxFuture;
use steerco_domain::resource::Kind;
use steerco_proto::FILE_DESCRIPTOR_SET;
use steerco_proto::table::{RPCS, Rpc};
use steerco_service::operation::{self, Does, Form, Operation, Run, Standard};
use steerco_service::operations::Entry;
use steerco_service::{AnyVerb, Service};
use tonic::service::Routes;

use crate::lazy::lazy;
use crate::operations::operations;
use call::{Call, answer};
use ocds::Package;
use standard::Served;
use streams::Streamed;
use transport::Messages;

/// The bytes of the greatest message that is read, compressed or not.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// What serves an rpc.
#[derive(Clone, Copy)]
enum Serves {
    /// One message and one answer.
    One(One),
    /// A side is a stream.
    Many(Many),
}

#[derive(Clone, Copy)]
enum One {
    /// A function, with the arguments that every door gives it.
    Run(&'static Operation, Run),
    /// A standard operation of a kind.
    Standard(&'static Kind, Standard),
    /// A verb on one resource.
    Act(AnyVerb),
    Permissions,
    Package(Package),
    Packages(Package),
}

#[derive(Clone, Copy)]
enum Many {
    Upserts(&'static Kind),
    Export,
    ExportSchedule,
    UploadAttachment,
    DownloadAttachment,
    UploadImport,
    ImportActuals,
    Watch,
}

/// How an operation is served. A standard one is always of a kind.
fn serves(entry: Entry) -> Option<Serves> {
    let one = match (entry.operation.does, entry.kind) {
        (Does::Run(run), _) => One::Run(entry.operation, run),
        (Does::Standard(Standard::Export), _) => return Some(Serves::Many(Many::Export)),
        (Does::Standard(Standard::Upserts), Some(kind)) => return Some(Serves::Many(Many::Upserts(kind))),
        (Does::Standard(Standard::Act), Some(kind)) => One::Act(AnyVerb::new(kind, entry.act?)),
        (Does::Standard(does), Some(kind)) => One::Standard(kind, does),
        (Does::Standard(_), None) => return None,
        (Does::Form(form), _) => return Some(in_form(form)),
    };
    Some(Serves::One(one))
}

/// Operations whose request or response is a stream or a document.
const fn in_form(form: Form) -> Serves {
    match form {
        Form::UploadAttachment => Serves::Many(Many::UploadAttachment),
        Form::DownloadAttachment => Serves::Many(Many::DownloadAttachment),
        Form::UploadImport => Serves::Many(Many::UploadImport),
        Form::ImportActuals => Serves::Many(Many::ImportActuals),
        Form::ExportSchedule => Serves::Many(Many::ExportSchedule),
        Form::StreamEvents => Serves::Many(Many::Watch),
        Form::Permissions => Serves::One(One::Permissions),
        Form::OcdsReleases => Serves::One(One::Package(Package::Releases)),
        Form::OcdsRecord => Serves::One(One::Package(Package::Records)),
        Form::OcdsReleasesOfMany => Serves::One(One::Packages(Package::Releases)),
        Form::OcdsRecordsOfMany => Serves::One(One::Packages(Package::Records)),
    }
}

/// Every rpc by its path, with what serves it. That none is missing, the compiler checks: see [`fits`].
static TABLE: LazyLock<HashMap<&'static str, (&'static Rpc, Serves)>> = LazyLock::new(|| {
    let rpcs: HashMap<(&str, &str), &'static Rpc> = RPCS.iter().map(|rpc| ((rpc.service, rpc.name), rpc)).collect();
    let found = operations().filter_map(|entry| {
        let rpc = *rpcs.get(&(&*entry.service(), &*entry.rpc()))?;
        Some((rpc.path, (rpc, serves(entry)?)))
    });
    found.collect()
});

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
        Serves::One(serves) => {
            let serve = move |request| {
                let service = service.clone();
                answer(request, move |call, bytes| one(rpc, serves, service, call, bytes)).boxed()
            };
            transport::unary(Box::new(serve), request).await
        }
        Serves::Many(serves) => {
            let serve = move |request| {
                let service = service.clone();
                answer(request, move |call, messages| many(rpc, serves, service, call, messages)).boxed()
            };
            transport::streams(Box::new(serve), request).await
        }
    }
}

/// Serves an rpc of one message and one answer.
fn one(rpc: &'static Rpc, serves: One, service: Service, call: Call, bytes: Bytes) -> BoxFuture<'static, Served> {
    match serves {
        One::Run(operation, run) => operate(rpc, operation, run, service, call, bytes).boxed(),
        One::Standard(kind, does) => standard::serve(rpc, kind, does, service, call, bytes),
        One::Act(verb) => standard::act(rpc, verb, service, call, bytes).boxed(),
        One::Permissions => permissions::list(rpc, service, call, bytes).boxed(),
        One::Package(package) => ocds::get(rpc, package, service, call, bytes).boxed(),
        One::Packages(package) => ocds::list(rpc, package, service, call, bytes).boxed(),
    }
}

/// Serves an rpc of which a side is a stream.
fn many(
    rpc: &'static Rpc,
    serves: Many,
    service: Service,
    call: Call,
    messages: Messages,
) -> BoxFuture<'static, Streamed> {
    match serves {
        Many::Upserts(kind) => upserts::upsert_many(rpc, kind, service, call, messages).boxed(),
        Many::Export => streams::export(rpc, service, call, messages).boxed(),
        Many::ExportSchedule => streams::export_schedule(rpc, service, call, messages).boxed(),
        Many::UploadAttachment => streams::upload_attachment(rpc, service, call, messages).boxed(),
        Many::DownloadAttachment => streams::download(rpc, service, call, messages).boxed(),
        Many::UploadImport => streams::upload_import(rpc, service, call, messages).boxed(),
        Many::ImportActuals => streams::import_actuals(rpc, service, call, messages).boxed(),
        Many::Watch => streams::watch(rpc, service, call, messages).boxed(),
    }
}

/// Does what a function does.
async fn operate(
    rpc: &'static Rpc,
    operation: &'static Operation,
    run: Run,
    service: Service,
    call: Call,
    bytes: Bytes,
) -> Served {
    let mut arguments = standard::read(rpc, &bytes)?;
    let (validate_only, effective_at) = if operation.writes() {
        (arguments.flag("validate_only"), arguments.instant("effective_at")?)
    } else {
        (false, None)
    };
    let context = call.context(validate_only, effective_at);
    let answered = operation::call(operation, run, service, context, arguments.0).await?;
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
    fn every_rpc_is_served_and_every_operation_has_one() {
        let missing: Vec<&str> = RPCS.iter().map(|rpc| rpc.path).filter(|path| !TABLE.contains_key(path)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for entry in operations() {
            let path = format!("/steerco.v1.{}/{}", entry.service(), entry.rpc());
            let Some((rpc, serves)) = TABLE.get(&*path) else { panic!("{} has no rpc {path}", entry.id()) };
            assert_eq!(rpc.streams, matches!(serves, Serves::Many(_)), "{path}");
        }
    }
}
