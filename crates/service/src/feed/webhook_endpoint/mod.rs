//! Operations of webhook endpoints. The sending is in [`worker`].

mod attempt;
mod message;
mod rights;
mod worker;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::input::read_input;
use steerco_domain::resource::Verb;
use steerco_domain::time::Instant;
use steerco_domain::webhook_endpoint::{
    ReplayWebhookEndpoint, RotateSecretWebhookEndpoint, TestWebhookEndpoint, WebhookDeliveryState, WebhookEndpoint,
};
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::webhook::{self, Delivery, Setting};
use steerco_persistence::{Conn, Effect, Fail, Scope};

use crate::caller::Caller;
use crate::command::{Command, Item};
use crate::hooks::Hooks;
use crate::operation::{AnswerDoc, Answered, Operation, Part, Under};
use crate::parameter::{PAGE_SIZE, PAGE_TOKEN, STATE};
use crate::read::{check_id, resolve_id};
use crate::service::Feature;
use crate::token::Sealer;
use crate::write_context::WriteContext;
use crate::{Context, Service, Written};

pub use attempt::WebhookAttempt;
use worker::Attempt;

const TEST: &Permission = find(WebhookEndpoint::KIND.name, TestWebhookEndpoint::NAME);
const REPLAY: &Permission = find(WebhookEndpoint::KIND.name, ReplayWebhookEndpoint::NAME);

/// Delivery of a message to a webhook endpoint. The content is read from the log at each attempt.
#[answer]
#[derive(Clone, Debug)]
pub struct WebhookDelivery {
    /// Id of the event; the same for every delivery of the event.
    pub event_id: String,
    /// Type of the event, such as `risk.assess`.
    pub event_type: String,
    /// Id of the resource that changed.
    pub resource_id: String,
    /// State of the delivery.
    pub state: WebhookDeliveryState,
    /// Time when the delivery was queued (UTC).
    pub created_at: Instant,
    /// Time of the next attempt (UTC); absent when none is planned.
    pub next_attempt_at: Option<Instant>,
    /// The last attempts, oldest first.
    #[field(max = 20)]
    pub attempts: Vec<WebhookAttempt>,
}

/// A page of deliveries, newest first.
#[answer(message = "ListWebhookDeliveriesResponse")]
#[derive(Clone, Debug)]
pub struct WebhookDeliveryPage {
    /// The deliveries.
    #[field(max = 1000)]
    pub deliveries: Vec<WebhookDelivery>,
    /// Token of the next page; absent on the last page.
    pub next_page_token: Option<String>,
}

/// A webhook endpoint with its new secret.
#[answer(message = "RotateSecretWebhookEndpointResponse")]
pub struct WebhookSecret {
    /// The webhook endpoint.
    pub webhook_endpoint: Part<WebhookEndpoint>,
    /// Secret that signs messages, beginning with `whsec_`. Returned once: absent from a replay and a dry run.
    pub secret: Option<String>,
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "rotate_secret_webhook_endpoint",
        path: "/v1/webhook-endpoints/{id}/rotate-secret",
        answer: AnswerDoc::of::<WebhookSecret>("The webhook endpoint and its new secret, which is returned once."),
        ..Operation::act::<RotateSecretWebhookEndpoint>(|service, context, mut arguments| {
            Box::pin(async move {
                let id = arguments.id();
                let (written, secret) = service.rotate_webhook_secret(&context, &id, &arguments.body()).await?;
                Answered::secret(written, |webhook_endpoint| Box::new(WebhookSecret { webhook_endpoint, secret }))
            })
        })
    },
    Operation {
        id: "test_webhook_endpoint",
        path: "/v1/webhook-endpoints/{id}/test",
        answer: AnswerDoc::of::<WebhookAttempt>("The attempt to deliver the test message."),
        ..Operation::act::<TestWebhookEndpoint>(|service, context, mut arguments| {
            Box::pin(async move {
                let id = arguments.id();
                read_input::<TestWebhookEndpoint>(&arguments.body())?;
                Ok(Answered::of(service.test_webhook(&context, &id).await?))
            })
        })
    },
    Operation {
        id: "replay_webhook_endpoint",
        path: "/v1/webhook-endpoints/{id}/replay",
        // The cursor may have expired.
        refusals: &[410],
        ..Operation::act::<ReplayWebhookEndpoint>(|service, context, mut arguments| {
            Box::pin(async move {
                let id = arguments.id();
                Ok(Answered::written(service.replay_webhook(&context, &id, &arguments.body()).await?))
            })
        })
    },
    Operation {
        id: "list_webhook_deliveries",
        service: WebhookEndpoint::KIND.title,
        permission: Some(WebhookEndpoint::KIND.rows.read),
        path: "/v1/webhook-endpoints/{id}/deliveries",
        under: Under::Kind(WebhookEndpoint::KIND),
        summary: "List the deliveries to one webhook endpoint",
        doc: "Newest first, each with its last attempts. The content of a message is read from the log at each \
              attempt.",
        parameters: &[&STATE, &PAGE_SIZE, &PAGE_TOKEN],
        answer: AnswerDoc::of::<WebhookDeliveryPage>("A page of deliveries."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            let id = arguments.id();
            let args = WebhookDeliveryArgs {
                state: arguments.word(&STATE),
                page_size: arguments.whole(&PAGE_SIZE),
                page_token: arguments.text(&PAGE_TOKEN),
            };
            Box::pin(async move { Ok(Answered::of(service.webhook_deliveries(&context.caller, &id, &args).await?)) })
        })
    },
];

/// Arguments of a page of deliveries.
#[derive(Clone, Debug, Default)]
pub struct WebhookDeliveryArgs {
    pub state: Option<WebhookDeliveryState>,
    pub page_size: Option<i64>,
    pub page_token: Option<String>,
}

pub(crate) const WEBHOOK_ENDPOINT: Feature = Feature {
    beforehand: Some(|service, command| Box::pin(check_addresses(service, command))),
    afterwards: Some(|service, org| service.inner.webhooks.stir(org)),
    ..Feature::of(WebhookEndpoint::KIND, Hooks { on_set: Some(take_rights), ..Hooks::NONE })
};

/// Resolves new addresses before the transaction, so that the writer is not blocked.
async fn check_addresses(service: &Service, command: &Command) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (i, item) in command.items.iter().enumerate() {
        let body = match item {
            Item::Create { body, .. } | Item::Upsert { body, .. } => body,
            Item::Update { patch, .. } => patch,
            _ => continue,
        };
        let Some(url) = body.get("url").and_then(Value::as_str).filter(|url| url.chars().count() <= URL_MAX) else {
            continue;
        };
        if let Err(mut fault) = service.inner.webhooks.guard.check(url).await {
            if command.batch {
                fault.pointer = format!("/items/{i}{}", fault.pointer);
            }
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Longer addresses are rejected by the declaration of the field.
const URL_MAX: usize = 2_000;

/// An endpoint reads by the rights of the token that changed it last.
fn take_rights(write: &WriteContext<'_>, endpoint: &dyn steerco_domain::AnyResource) {
    let rights = rights::of(&write.context.caller);
    write.add(Effect::Webhook(Setting::Rights { endpoint: endpoint.id_text(), rights }));
}

impl Service {
    /// Creates a new secret. Returns the endpoint and, only the first time, the secret.
    pub fn rotate_webhook_secret<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: &'a Map<String, Value>,
    ) -> BoxFuture<'a, Result<(Written, Option<String>), Error>> {
        Box::pin(async move {
            let id = &*self.id_of(WebhookEndpoint::KIND, &context.caller, id).await?;
            let secret = format!("{}{}", message::PREFIX, STANDARD.encode(self.inner.clock.random::<32>()));
            let sealed = self.inner.sealer.seal(&self.inner.clock, &purpose(id), secret.clone().into_bytes());
            let mut command = Self::command_to_act::<RotateSecretWebhookEndpoint>(context, id, body)?;
            command.effects.push(Effect::Webhook(Setting::Secret { endpoint: id.to_owned(), sealed }));
            let written = self.execute_one(context, command).await?;
            let shown = Some(secret).filter(|_| !written.replayed && !context.validate_only);
            Ok((written, shown))
        })
    }

    /// Sends events again.
    pub fn replay_webhook<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: &'a Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let replay: ReplayWebhookEndpoint = read_input(body)?;
            let conn = self.inner.database.read(context.caller.organisation()).await.map_err(Fail::into_error)?;
            let setting = self.again(&conn, &context.caller, id, &replay).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            let mut command = Self::command_to_act::<ReplayWebhookEndpoint>(context, id, body)?;
            command.effects.push(Effect::Webhook(setting));
            self.execute_one(context, command).await
        })
    }

    async fn again(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        replay: &ReplayWebhookEndpoint,
    ) -> Result<Setting, Fail> {
        let (endpoint, _) = self.find_webhook(conn, caller, id, REPLAY).await?;
        let (org, now, id) = (caller.organisation(), self.inner.clock.now(), endpoint.id_text());
        // An address that resolves to an inside address by now is reported here, and not only in the log of attempts.
        self.inner.webhooks.guard.check(endpoint.url.as_str()).await.map_err(|fault| Error::invalid(vec![fault]))?;
        if let Some(event) = &replay.event_id {
            let found = webhook::find_event(conn, org, &id, event.as_str()).await?;
            found.ok_or_else(|| Error::fault("/event_id", "NOT_FOUND", "the event was never sent to this endpoint"))?;
            return Ok(Setting::Again { endpoint: id, event_id: event.to_string(), now });
        }
        let Some(since) = replay.since else { return Ok(Setting::Failed { endpoint: id, now }) };
        let seq = self.position_since(conn, org, since).await?;
        Ok(Setting::Since { endpoint: id, seq })
    }

    /// A live endpoint for which the caller has the permission.
    async fn find_webhook(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        row: &Permission,
    ) -> Result<(WebhookEndpoint, Scope), Fail> {
        check_id(WebhookEndpoint::KIND, id)?;
        let (_, scope) = self.authorise(conn, caller, row).await?;
        let id = &*resolve_id(WebhookEndpoint::KIND, conn, &scope, id).await?;
        let found = query::find::<WebhookEndpoint>(conn, &scope, id, Moment::Now).await?;
        let endpoint = found.filter(|found| found.deleted_at.is_none());
        Ok((endpoint.ok_or_else(|| Error::not_found(WebhookEndpoint::KIND.name))?, scope))
    }

    /// Sends a test message without an event, once per idempotency key; a dry run only checks whether it could be sent.
    /// If nothing is sent, the result has neither a status nor an error.
    pub fn test_webhook<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
    ) -> BoxFuture<'a, Result<WebhookAttempt, Error>> {
        Box::pin(async move {
            let caller = &context.caller;
            let id = &*self.id_of(WebhookEndpoint::KIND, caller, id).await?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = async {
                let (endpoint, _) = self.find_webhook(&conn, caller, id, TEST).await?;
                let access = self.access(&conn, caller).await?;
                if endpoint.created_by != access.actor {
                    return Err(
                        Error::new(Reason::Forbidden, "a webhook endpoint can only be tested by its creator").into()
                    );
                }
                let kept = webhook::find(&conn, caller.organisation(), &endpoint.id_text()).await?;
                let secrets = self.secrets(&endpoint, kept.as_ref(), self.inner.clock.now());
                Ok((endpoint, secrets))
            };
            let (endpoint, secrets) = found.await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            if secrets.is_empty() {
                return Err(Error::new(
                    Reason::WrongState,
                    "the webhook endpoint has no secret yet: rotate_secret creates one",
                ));
            }
            self.inner
                .webhooks
                .guard
                .check(endpoint.url.as_str())
                .await
                .map_err(|fault| Error::invalid(vec![fault]))?;
            let command = Self::command_to_act::<TestWebhookEndpoint>(context, id, &Map::new())?;
            let taken = self.execute_one(context, command).await?;
            if context.validate_only || taken.replayed {
                return Ok(WebhookAttempt { at: self.inner.clock.now(), status: None, error: None, millis: 0 });
            }
            let message_id = format!("evt_{}", &self.new_secret()[..22]);
            let at = json!(self.inner.clock.now());
            let body =
                message::test_body(&self.inner.base_url, caller.organisation(), &message_id, &endpoint.id_text(), &at);
            let attempt = self.send_webhook(endpoint.url.as_str(), &secrets, &message_id, &body.to_string()).await;
            Ok(attempt.told)
        })
    }

    /// The secrets that sign messages now.
    fn secrets(&self, endpoint: &WebhookEndpoint, kept: Option<&webhook::Webhook>, now: Instant) -> Vec<String> {
        let Some(kept) = kept else { return Vec::new() };
        let overlaps = endpoint.previous_secret_until.is_some_and(|until| now < until);
        let sealed = kept.secret.iter().chain(kept.secret_before.iter().filter(|_| overlaps));
        let purpose = purpose(&endpoint.id_text());
        let opened = sealed.filter_map(|sealed| self.inner.sealer.open(&purpose, sealed));
        opened.filter_map(|secret| String::from_utf8(secret).ok()).collect()
    }

    /// Deliveries of an endpoint, newest first.
    pub fn webhook_deliveries<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        args: &'a WebhookDeliveryArgs,
    ) -> BoxFuture<'a, Result<WebhookDeliveryPage, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let page = self.webhook_deliveries_in(&conn, caller, id, args).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(page)
        })
    }

    async fn webhook_deliveries_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        args: &WebhookDeliveryArgs,
    ) -> Result<WebhookDeliveryPage, Fail> {
        let (endpoint, _) = self.find_webhook(conn, caller, id, WebhookEndpoint::KIND.rows.read).await?;
        let (org, id) = (caller.organisation(), endpoint.id_text());
        let size =
            steerco_domain::list::parse_page_size(args.page_size).map_err(|fault| Error::invalid(vec![fault]))?;
        let state = args.state;
        let page = format!("deliveries {org} {id} {}", state.map_or("", WebhookDeliveryState::word));
        let before = match args.page_token.as_deref().filter(|token| !token.is_empty()) {
            None => i64::MAX,
            Some(token) => read_token(&self.inner.sealer, &page, token)?,
        };
        let mut found = webhook::list(conn, org, &id, state, before, size + 1).await?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let last = found.last().filter(|_| more).map(|last| last.seq.to_string());
        let next_page_token = last.map(|seq| self.inner.sealer.seal(&self.inner.clock, &page, seq.into_bytes()));
        Ok(WebhookDeliveryPage { deliveries: found.into_iter().map(delivery).collect(), next_page_token })
    }
}

fn read_token(sealer: &Sealer, purpose: &str, token: &str) -> Result<i64, Error> {
    let seq = sealer.open(purpose, token).and_then(|plain| String::from_utf8(plain).ok()?.parse().ok());
    seq.ok_or_else(|| Error::new(Reason::InvalidToken, "page_token is not from this list"))
}

fn delivery(found: Delivery) -> WebhookDelivery {
    let Delivery { event_id, event_type, subject, state, next_at, history, created_at, .. } = found;
    WebhookDelivery {
        event_id,
        event_type,
        resource_id: subject,
        state,
        created_at,
        next_attempt_at: (state == WebhookDeliveryState::Pending).then_some(next_at),
        attempts: serde_json::from_str(&history).unwrap_or_default(),
    }
}

/// Purpose for which a secret is encrypted.
fn purpose(endpoint: &str) -> String {
    format!("webhook {endpoint}")
}

impl Attempt {
    fn taken(&self) -> bool {
        self.sent.told.status.is_some_and(|status| (200..300).contains(&status))
    }
}
