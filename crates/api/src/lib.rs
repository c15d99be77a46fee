//! The two doors: REST and gRPC on one port, with the same operations, rules, errors and permissions.
//!
//! A door decodes a request, calls one function of [`steerco_service::Service`], and encodes the answer. What both
//! share stands in `door` (request ids, logs, limits, authentication) and `problem` (errors). This crate must never
//! know a database, a rule of the domain, or a clock that is not a stopwatch; it must never decide who may do what.
//!
//! A resource needs nothing here: routes, rpcs, parameters and the OpenAPI document follow from its declaration, and those
//! of an operation of its own from the `Operation` in `steerco_service`. Only what takes or answers no JSON needs a handler
//! under `rest` and its entry in `openapi`. Then run `UPDATE=1 cargo test --workspace`, which writes `openapi/steerco.json`
//! anew.

mod door;
mod event_types;
mod export;
mod grpc;
mod lazy;
pub mod openapi;
mod operations;
mod options;
pub mod problem;
mod rest;
mod whole;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use steerco_service::Service;
use tower::ServiceExt;

pub use door::RequestId;
pub use operations::operations;
pub use options::Options;
pub use rest::Strictly;

/// Both doors behind one router.
pub fn app(service: Service, options: Options) -> Router {
    let door = door::Door::new(service.clone(), options.clone());
    let rest = rest::router(service.clone(), options, &door);
    let grpc = grpc::routes(service).fallback(unimplemented_rpc).layer(from_fn_with_state(door, door::grpc));
    Router::new().fallback(move |request: Request| dispatch(rest.clone(), grpc.clone(), request))
}

/// The content type decides, never the path: each door then answers in its own way, also what it does not know.
async fn dispatch(rest: Router, grpc: Router, request: Request) -> Response {
    let chosen = if is_grpc(&request) { grpc } else { rest };
    match chosen.oneshot(whole::whole(request)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn is_grpc(request: &Request) -> bool {
    let content_type = request.headers().get(http::header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

async fn unimplemented_rpc() -> Response {
    tonic::Status::unimplemented("there is no such service or method").into_http::<Body>()
}
