//! Webhook endpoints: addresses to which events are delivered.

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::consumer::{check_filter, check_own};
use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Acting, Rules, Verb};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::Instant;

/// An address to which events are delivered (Standard Webhooks, CloudEvents 1.0). It receives events visible to the person or
/// account that created it, by the current grants, limited to the scope of the token with which it was last changed. Nobody
/// else can change it. Events of one resource are delivered in order. Each is retried until it is delivered or has failed
/// finally.
#[resource(
    prefix = "hook",
    plural = "webhook_endpoints",
    scope = "Owned",
    verbs(
        DisableWebhookEndpoint,
        EnableWebhookEndpoint,
        RotateSecretWebhookEndpoint,
        TestWebhookEndpoint,
        ReplayWebhookEndpoint,
    )
)]
pub struct WebhookEndpoint {
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Address (https) to which events are posted. It must be outside the network of the service. It must not contain
    /// secrets, because it is logged.
    #[field(write, filter)]
    pub url: Text<2_000>,
    /// Amount of detail in an event; `full` when absent.
    #[field(write, filter)]
    pub content: Option<WebhookContent>,
    /// Kinds of resources to include, such as `risk`; all when empty.
    #[field(write)]
    pub kinds: Vec<Text<64>>,
    /// Types of events to include, such as `risk.assess`; all when empty.
    #[field(write)]
    pub event_types: Vec<Text<128>>,
    /// Programs of the resources to include; all visible programs when empty.
    #[field(write)]
    pub program_ids: Vec<Id<Program>>,
    /// Labels that the resources must have, all of them: each a key, or `key=value`.
    #[field(write)]
    pub with_labels: Vec<Text<264>>,
    /// Code of the source whose own writes are excluded.
    #[field(write)]
    pub exclude_source: Option<Code>,
    /// State of the endpoint.
    #[field(filter)]
    pub state: WebhookState,
    /// Reason why no events are delivered.
    #[field(filter)]
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// When its secret was last created; the secret itself is shown once. Nothing is delivered before the first secret.
    #[field(filter)]
    pub secret_rotated_at: Option<Instant>,
    /// Until when messages are also signed with the previous secret (UTC).
    pub previous_secret_until: Option<Instant>,
}

/// Amount of detail in an event.
#[words]
pub enum WebhookContent {
    /// The resource after the change, limited to visible fields.
    Full,
    /// Only the event type and the resource.
    Thin,
}

/// State of a webhook endpoint.
#[words(states)]
#[derive(Default)]
pub enum WebhookState {
    /// Events are delivered.
    #[default]
    Active,
    /// No events are delivered; they are delivered once it is active again.
    Disabled,
}

impl States for WebhookState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Disabled]), (Self::Disabled, &[Self::Active])];
}

/// Reason why no events are delivered to an endpoint.
#[words]
pub enum WebhookDisabledReason {
    /// It was disabled on request.
    Request,
    /// It responded with 410 (gone).
    Gone,
    /// Deliveries failed for days.
    Failing,
}

impl Rules for WebhookEndpoint {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        check_filter(&self.kinds, &self.event_types, &self.with_labels, faults);
    }

    fn author(&self) -> Option<&Actor> {
        Some(&self.created_by)
    }
}

impl WebhookEndpoint {
    /// Stops sending.
    pub fn disable(&mut self, reason: WebhookDisabledReason) -> Result<(), Error> {
        self.state.go(WebhookState::Disabled)?;
        self.disabled_reason = Some(reason);
        Ok(())
    }

    fn check_own(&self, acting: &Acting) -> Result<(), Error> {
        check_own(&self.created_by, acting, "webhook endpoint")
    }
}

/// Disables delivery to this endpoint. Events in the meantime are delivered once it is enabled again.
#[input]
pub struct DisableWebhookEndpoint {}

impl Verb for DisableWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "disable";
    fn decide(&self, endpoint: &mut WebhookEndpoint, _now: Instant) -> Result<(), Error> {
        endpoint.disable(WebhookDisabledReason::Request)
    }
}

/// Enables delivery again, from the event at which it stopped.
#[input]
pub struct EnableWebhookEndpoint {}

impl Verb for EnableWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "enable";
    fn decide_by(&self, endpoint: &mut WebhookEndpoint, acting: &Acting) -> Result<(), Error> {
        endpoint.check_own(acting)?;
        endpoint.state.go(WebhookState::Active)?;
        endpoint.disabled_reason = None;
        Ok(())
    }
}

/// Maximum number of seconds for which the previous secret stays valid: one week.
const OVERLAP_MAX: i64 = 604_800;
/// Default number of seconds for which it stays valid: one day.
const OVERLAP: i32 = 86_400;

/// Creates a new signing secret. The response shows it once. Messages are also signed with the previous secret until the
/// overlap ends. The first secret starts delivery.
#[input]
pub struct RotateSecretWebhookEndpoint {
    /// Seconds for which messages are also signed with the previous secret; 86400 when absent.
    pub overlap_seconds: Option<Whole<0, OVERLAP_MAX>>,
}

impl Verb for RotateSecretWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "rotate_secret";
    fn decide_by(&self, endpoint: &mut WebhookEndpoint, acting: &Acting) -> Result<(), Error> {
        endpoint.check_own(acting)?;
        let overlap = i64::from(self.overlap_seconds.map_or(OVERLAP, Whole::get)) * 1_000_000;
        let until = Instant::from_micros(acting.now.micros().saturating_add(overlap));
        endpoint.previous_secret_until = endpoint.secret_rotated_at.map(|_| until);
        endpoint.secret_rotated_at = Some(acting.now);
        Ok(())
    }
}

/// Sends a message of the type `steerco.webhook.test` at once and returns the result. It is sent once, and not again with the
/// same `Idempotency-Key`.
#[input]
pub struct TestWebhookEndpoint {}

impl Verb for TestWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "test";
    fn decide_by(&self, endpoint: &mut WebhookEndpoint, acting: &Acting) -> Result<(), Error> {
        endpoint.check_own(acting)
    }
}

/// Delivers events again: one event, everything since an instant, or all failed deliveries.
#[input]
pub struct ReplayWebhookEndpoint {
    /// Id of the event to deliver again.
    pub event_id: Option<Text<64>>,
    /// Instant from which on all events are delivered again (UTC).
    pub since: Option<Instant>,
    /// Whether to deliver all failed deliveries again.
    pub failed: bool,
}

impl Verb for ReplayWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "replay";
    fn decide_by(&self, endpoint: &mut WebhookEndpoint, acting: &Acting) -> Result<(), Error> {
        endpoint.check_own(acting)?;
        let given = [self.event_id.is_some(), self.since.is_some(), self.failed];
        if given.iter().filter(|given| **given).count() != 1 {
            return Err(Error::fault("", "ONE_OF", "give one of event_id, since and failed"));
        }
        if endpoint.secret_rotated_at.is_none() {
            return Err(Error::new(
                Reason::WrongState,
                "it has no secret yet, so nothing was ever sent: rotate_secret",
            ));
        }
        Ok(())
    }
}

/// State of a delivery.
#[words]
pub enum WebhookDeliveryState {
    /// Waits for its first or next attempt.
    Pending,
    /// Delivered.
    Delivered,
    /// All scheduled attempts failed.
    Failed,
    /// Withheld: the event is not visible to the owner of the endpoint any more.
    Withheld,
}
