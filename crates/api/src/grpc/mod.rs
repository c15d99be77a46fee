//! The gRPC door.

use axum::Router;
use steerco_service::Service;

/// The routes of every gRPC service.
pub(crate) fn routes(_service: Service) -> Router {
    Router::new()
}
