//! Messages to webhook endpoints.

use steerco_domain::Resource;
use steerco_domain::webhook_endpoint::{WebhookDeliveryState, WebhookEndpoint};
use steerco_domain::words::Words;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed};
use super::shape::instant;
use super::vocabulary::{Members, Schemas, format, list, note, object, of, reference, words};
use crate::rest::params;

pub(super) fn operation(schemas: &mut Schemas) -> Operation {
    let states = words(WebhookDeliveryState::WORDS.iter().map(|(word, _)| *word));
    let made = [
        ("WebhookDeliveryState", states.description(Some(WebhookDeliveryState::DOC))),
        ("WebhookSecret", secret()),
        ("WebhookAttempt", attempt()),
        ("WebhookDelivery", delivery()),
        ("WebhookDeliveryPage", page()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    Operation {
        method: HttpMethod::Get,
        path: "/v1/webhook-endpoints/{id}/deliveries".to_owned(),
        id: "list_webhook_deliveries".to_owned(),
        tag: WebhookEndpoint::KIND.path(),
        summary: "List the messages to one webhook endpoint".to_owned(),
        description:
            "Newest first, each with its last attempts. What a message says is read from the log whenever it is \
                      sent."
                .to_owned(),
        access: Access::of(WebhookEndpoint::KIND.name, "read"),
        parameters: [vec![id(WebhookEndpoint::KIND)], of_feed(&params::deliveries())].concat(),
        body: None,
        answers: vec![(200, answer("A page.", "application/json", reference("WebhookDeliveryPage"), &[]))],
        refusals: vec![404],
    }
}

fn secret() -> ObjectBuilder {
    object("A webhook endpoint with its new secret.")
        .must("webhook_endpoint", reference("WebhookEndpoint"))
        .property("secret", note("Begins with `whsec_`; shown once: absent from a replay and a dry run."))
}

fn attempt() -> ObjectBuilder {
    let status = of(Type::Integer).format(Some(format("int32"))).minimum(Some(100)).maximum(Some(999));
    let error = words(["timeout", "no_connection", "broken_off", "refused_address"]);
    let millis = of(Type::Integer).format(Some(format("int32"))).minimum(Some(0));
    object("One sending of a message.")
        .must("at", instant("When it was sent (UTC)."))
        .property("status", status.description(Some("The HTTP status that was answered; absent when nothing was.")))
        .property("error", error.description(Some("Why nothing was answered.")))
        .must("millis", millis.description(Some("Milliseconds until the answer.")))
}

fn delivery() -> ObjectBuilder {
    let attempts = list(reference("WebhookAttempt")).max_items(Some(20));
    object("A message to an endpoint. What it says is read from the log whenever it is sent.")
        .must("event_id", note("Id of the event, and of every message about it."))
        .must("event_type", note("Type of the event, such as `risk.assess`."))
        .must("resource_id", note("The resource that it is about."))
        .must("state", reference("WebhookDeliveryState"))
        .must("created_at", instant("When it was taken up (UTC)."))
        .property("next_attempt_at", instant("When it is sent next (UTC); absent when it is not."))
        .must("attempts", attempts.description(Some("The last attempts, oldest first.")))
}

fn page() -> ObjectBuilder {
    object("A page of messages, newest first.")
        .must("deliveries", list(reference("WebhookDelivery")).max_items(Some(1000)))
        .property("next_page_token", note("Token of the next page; absent on the last one."))
}
