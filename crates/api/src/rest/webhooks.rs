//! Webhook endpoints: secrets, tries, messages.

use axum::body::Body;
use axum::extract::State;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use steerco_domain::Resource;
use steerco_domain::input::read_input;
use steerco_domain::time::Instant;
use steerco_domain::view::View;
use steerco_domain::webhook_endpoint::{TestWebhookEndpoint, WebhookEndpoint};
use steerco_domain::words::Words;
use steerco_service::{WebhookAttempt, WebhookDelivery, WebhookDeliveryPage};

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

/// An endpoint with the secret that is shown once: a replay has none.
#[derive(Serialize)]
struct Secret<'a> {
    webhook_endpoint: View<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

pub(crate) async fn rotate_secret(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(WebhookEndpoint::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let (written, secret) = rest.service.rotate_webhook_secret(&context, call.path("id"), &object).await?;
    let view = View { resource: &*written.seen.resource, mask: written.seen.mask };
    let mut response = reply::json(StatusCode::OK, reply::JSON, &Secret { webhook_endpoint: view, secret })?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply::mark(&mut response, written.outcome.word(), written.replayed);
    Ok(response)
}

pub(crate) async fn test(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(WebhookEndpoint::KIND))?)?;
    read_input::<TestWebhookEndpoint>(&call.object(&rest, body, JSON, true).await?)?;
    let attempt = rest.service.test_webhook(&context, call.path("id")).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &attempt)?)
}

pub(crate) async fn replay(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(WebhookEndpoint::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.replay_webhook(&context, call.path("id"), &object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

#[derive(Serialize)]
struct PageView<'a> {
    deliveries: Vec<DeliveryView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

#[derive(Serialize)]
struct DeliveryView<'a> {
    event_id: &'a str,
    event_type: &'a str,
    resource_id: &'a str,
    state: &'static str,
    created_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Instant>,
    attempts: &'a [WebhookAttempt],
}

fn view(delivery: &WebhookDelivery) -> DeliveryView<'_> {
    let WebhookDelivery { event_id, event_type, resource_id, state, created_at, next_attempt_at, attempts } = delivery;
    DeliveryView {
        event_id,
        event_type,
        resource_id,
        state: state.word(),
        created_at: *created_at,
        next_attempt_at: *next_attempt_at,
        attempts,
    }
}

pub(crate) async fn list_deliveries(State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::deliveries())?.delivery_args();
    let page = rest.service.webhook_deliveries(&call.caller, call.path("id"), &args).await?;
    let WebhookDeliveryPage { deliveries, next_page_token } = &page;
    let view =
        PageView { deliveries: deliveries.iter().map(view).collect(), next_page_token: next_page_token.as_deref() };
    Ok(reply::json(StatusCode::OK, reply::JSON, &view)?)
}
