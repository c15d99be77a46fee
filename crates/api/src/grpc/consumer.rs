//! Consumers of the feed over gRPC.

use steerco_domain::consumer::{AcknowledgeConsumer, Consumer, ReplayConsumer};
use steerco_domain::{Error, acknowledge_consumer_fields, consumer_fields, replay_consumer_fields};
use steerco_proto::v1 as pb;
use steerco_service::{ConsumerPosition, Service};
use tonic::Response;

use super::bridge::VerbBridge;
use super::call::Call;
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;
use super::wire::Scalar;

consumer_fields!(resource_wire);
consumer_fields!(resource_service verbs {} others {
    async fn acknowledge_consumer(
        &self,
        request: Request<pb::AcknowledgeConsumerRequest>,
    ) -> Answer<pb::Consumer> {
        answer(request, |call, body| acknowledge(&self.0, call, body)).await
    }
    async fn replay_consumer(&self, request: Request<pb::ReplayConsumerRequest>) -> Answer<pb::Consumer> {
        answer(request, |call, body| replay(&self.0, call, body)).await
    }
    async fn get_consumer_position(
        &self,
        request: Request<pb::GetConsumerPositionRequest>,
    ) -> Answer<pb::ConsumerPosition> {
        answer(request, |call, body| position(&self.0, call, body)).await
    }
});
acknowledge_consumer_fields!(own_verb_wire AcknowledgeConsumerRequest);
replay_consumer_fields!(own_verb_wire ReplayConsumerRequest);

async fn acknowledge(
    service: &Service,
    call: Call,
    body: pb::AcknowledgeConsumerRequest,
) -> Result<Response<pb::Consumer>, Error> {
    let (id, validate_only, body) = AcknowledgeConsumer::take(body);
    written::<Consumer>(&service.acknowledge(&call.context(validate_only, None)?, &id, &body).await?)
}

async fn replay(
    service: &Service,
    call: Call,
    body: pb::ReplayConsumerRequest,
) -> Result<Response<pb::Consumer>, Error> {
    let (id, validate_only, body) = ReplayConsumer::take(body);
    written::<Consumer>(&service.replay(&call.context(validate_only, None)?, &id, &body).await?)
}

async fn position(
    service: &Service,
    call: Call,
    body: pb::GetConsumerPositionRequest,
) -> Result<Response<pb::ConsumerPosition>, Error> {
    let found = service.consumer_position(&call.caller, &body.id).await?;
    let ConsumerPosition {
        consumer_id,
        cursor,
        acknowledged_at,
        events_behind,
        more,
        oldest_unread_at,
        seconds_behind,
    } = found;
    Ok(Response::new(pb::ConsumerPosition {
        consumer_id,
        cursor,
        acknowledged_at: acknowledged_at.map(|at| at.out()),
        events_behind: i32::try_from(events_behind).unwrap_or(i32::MAX),
        more,
        oldest_unread_at: oldest_unread_at.map(|at| at.out()),
        seconds_behind,
    }))
}
