//! Webhook endpoints over gRPC.

use steerco_domain::webhook_endpoint::{
    DisableWebhookEndpoint, EnableWebhookEndpoint, ReplayWebhookEndpoint, RotateSecretWebhookEndpoint,
    WebhookDeliveryState, WebhookEndpoint,
};
use steerco_domain::{
    Error, disable_webhook_endpoint_fields, enable_webhook_endpoint_fields, replay_webhook_endpoint_fields,
    rotate_secret_webhook_endpoint_fields, webhook_endpoint_fields,
};
use steerco_proto::v1 as pb;
use steerco_service::{Service, WebhookAttempt, WebhookDelivery, WebhookDeliveryArgs, WebhookDeliveryPage};
use tonic::Response;

use super::bridge::VerbBridge;
use super::call::{Call, given, page_size};
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;
use super::wire::Scalar;

webhook_endpoint_fields!(resource_wire);
webhook_endpoint_fields!(resource_service verbs {
    disable_webhook_endpoint DisableWebhookEndpoint, enable_webhook_endpoint EnableWebhookEndpoint,
} others {
    async fn rotate_secret_webhook_endpoint(
        &self,
        request: Request<pb::RotateSecretWebhookEndpointRequest>,
    ) -> Answer<pb::RotateSecretWebhookEndpointResponse> {
        answer(request, |call, body| rotate_secret(&self.0, call, body)).await
    }
    async fn test_webhook_endpoint(
        &self,
        request: Request<pb::TestWebhookEndpointRequest>,
    ) -> Answer<pb::WebhookAttempt> {
        answer(request, |call, body| test(&self.0, call, body)).await
    }
    async fn replay_webhook_endpoint(
        &self,
        request: Request<pb::ReplayWebhookEndpointRequest>,
    ) -> Answer<pb::WebhookEndpoint> {
        answer(request, |call, body| replay(&self.0, call, body)).await
    }
    async fn list_webhook_deliveries(
        &self,
        request: Request<pb::ListWebhookDeliveriesRequest>,
    ) -> Answer<pb::ListWebhookDeliveriesResponse> {
        answer(request, |call, body| list_deliveries(&self.0, call, body)).await
    }
});
disable_webhook_endpoint_fields!(verb_wire DisableWebhookEndpointRequest);
enable_webhook_endpoint_fields!(verb_wire EnableWebhookEndpointRequest);
rotate_secret_webhook_endpoint_fields!(own_verb_wire RotateSecretWebhookEndpointRequest);
replay_webhook_endpoint_fields!(own_verb_wire ReplayWebhookEndpointRequest);

async fn rotate_secret(
    service: &Service,
    call: Call,
    body: pb::RotateSecretWebhookEndpointRequest,
) -> Result<Response<pb::RotateSecretWebhookEndpointResponse>, Error> {
    let (id, validate_only, body) = RotateSecretWebhookEndpoint::take(body);
    let (done, secret) = service.rotate_webhook_secret(&call.context(validate_only, None)?, &id, &body).await?;
    let answer = |endpoint| pb::RotateSecretWebhookEndpointResponse { webhook_endpoint: Some(endpoint), secret };
    Ok(written::<WebhookEndpoint>(&done)?.map(answer))
}

async fn test(
    service: &Service,
    call: Call,
    body: pb::TestWebhookEndpointRequest,
) -> Result<Response<pb::WebhookAttempt>, Error> {
    let pb::TestWebhookEndpointRequest { id, validate_only } = body;
    let told = service.test_webhook(&call.context(validate_only, None)?, &id).await?;
    Ok(Response::new(attempt(&told)))
}

async fn replay(
    service: &Service,
    call: Call,
    body: pb::ReplayWebhookEndpointRequest,
) -> Result<Response<pb::WebhookEndpoint>, Error> {
    let (id, validate_only, body) = ReplayWebhookEndpoint::take(body);
    written::<WebhookEndpoint>(&service.replay_webhook(&call.context(validate_only, None)?, &id, &body).await?)
}

async fn list_deliveries(
    service: &Service,
    call: Call,
    body: pb::ListWebhookDeliveriesRequest,
) -> Result<Response<pb::ListWebhookDeliveriesResponse>, Error> {
    let pb::ListWebhookDeliveriesRequest { id, state, page_size: size, page_token } = body;
    let state =
        (state != 0).then(|| WebhookDeliveryState::json(state)).and_then(|word| word.as_str().map(str::to_owned));
    let args = WebhookDeliveryArgs { state, page_size: page_size(size), page_token: given(page_token) };
    let WebhookDeliveryPage { deliveries, next_page_token } =
        service.webhook_deliveries(&call.caller, &id, &args).await?;
    Ok(Response::new(pb::ListWebhookDeliveriesResponse {
        deliveries: deliveries.into_iter().map(delivery).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
    }))
}

fn delivery(delivery: WebhookDelivery) -> pb::WebhookDelivery {
    let WebhookDelivery { event_id, event_type, resource_id, state, created_at, next_attempt_at, attempts } = delivery;
    pb::WebhookDelivery {
        event_id,
        event_type,
        resource_id,
        state: state.out(),
        created_at: Some(created_at.out()),
        next_attempt_at: next_attempt_at.map(|at| at.out()),
        attempts: attempts.iter().map(attempt).collect(),
    }
}

fn attempt(attempt: &WebhookAttempt) -> pb::WebhookAttempt {
    let WebhookAttempt { at, status, error, millis } = attempt;
    pb::WebhookAttempt {
        at: Some(at.out()),
        status: status.map(i32::from),
        error: error.clone(),
        millis: i32::try_from(*millis).unwrap_or(i32::MAX),
    }
}
