//! `grpc.health.v1`: asks the service itself, so that it says what `/readyz` says.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use steerco_service::Service;
use tonic::{Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// How often a watched state is looked at.
const PACE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct HealthDoor {
    service: Service,
    names: Vec<String>,
}

/// The health service of these services, and of the server as a whole (the empty name).
pub(super) fn server(service: Service, names: Vec<String>) -> HealthServer<HealthDoor> {
    HealthServer::new(HealthDoor { service, names })
}

impl HealthDoor {
    fn knows(&self, name: &str) -> bool {
        name.is_empty() || self.names.iter().any(|known| known == name)
    }
}

async fn look(service: &Service) -> HealthCheckResponse {
    let status = if service.ready().await.is_ok() { ServingStatus::Serving } else { ServingStatus::NotServing };
    HealthCheckResponse { status: pb_status(status) }
}

const fn pb_status(status: ServingStatus) -> i32 {
    match status {
        ServingStatus::Unknown => 0,
        ServingStatus::Serving => 1,
        ServingStatus::NotServing => 2,
    }
}

/// What `Watch` answers for a service that is not here.
const SERVICE_UNKNOWN: i32 = 3;

#[tonic::async_trait]
impl Health for HealthDoor {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.knows(&request.get_ref().service) {
            return Err(Status::not_found("there is no such service here"));
        }
        Ok(Response::new(look(&self.service).await))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        if !self.knows(&request.get_ref().service) {
            let unknown = stream::iter([Ok(HealthCheckResponse { status: SERVICE_UNKNOWN })]);
            return Ok(Response::new(unknown.chain(stream::pending()).boxed()));
        }
        let states = stream::unfold((self.service.clone(), None), |(service, last)| async move {
            loop {
                if last.is_some() {
                    tokio::time::sleep(PACE).await;
                }
                let now = look(&service).await;
                if last != Some(now) {
                    return Some((Ok(now), (service, Some(now))));
                }
            }
        });
        Ok(Response::new(states.boxed()))
    }
}
