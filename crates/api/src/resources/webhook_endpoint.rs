//! The paths of webhook endpoints.

use axum::routing::{get, post};
use steerco_domain::webhook_endpoint::{
    DisableWebhookEndpoint, EnableWebhookEndpoint, ReplayWebhookEndpoint, RotateSecretWebhookEndpoint,
    TestWebhookEndpoint, WebhookEndpoint,
};

use crate::rest::mount::{Mounted, whole};
use crate::rest::webhooks;

pub(super) fn mount() -> Mounted {
    let secret = ("WebhookSecret", "The secret, shown once.");
    let attempt = ("WebhookAttempt", "What became of the message.");
    let mut mounted = whole::<WebhookEndpoint>()
        .verb::<DisableWebhookEndpoint>()
        .verb::<EnableWebhookEndpoint>()
        .act::<RotateSecretWebhookEndpoint>(post(webhooks::rotate_secret), Some(secret))
        .act::<TestWebhookEndpoint>(post(webhooks::test), Some(attempt))
        .act::<ReplayWebhookEndpoint>(post(webhooks::replay), None)
        .done();
    mounted.routes = mounted.routes.route("/v1/webhook-endpoints/{id}/deliveries", get(webhooks::list_deliveries));
    mounted
}
