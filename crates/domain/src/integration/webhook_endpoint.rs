//! Addresses to which events are sent.

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

/// An address to which events are sent (Standard Webhooks, CloudEvents 1.0). It is sent what the person or account that
/// made it may see, by the grants of the moment and no further than the token with which it was last changed; nobody else
/// changes it. Events of one resource arrive in their order; each is sent until it is taken or given up.
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
    /// Address (https) to which events are posted. It must lead out of the network of the service, and is no place for
    /// secrets: it is logged.
    #[field(write, filter)]
    pub url: Text<2_000>,
    /// How much an event says; `full` when absent.
    #[field(write, filter)]
    pub content: Option<WebhookContent>,
    /// Kinds of resources wanted, such as `risk`; all when empty.
    #[field(write)]
    pub kinds: Vec<Text<64>>,
    /// Types of events wanted, such as `risk.assess`; all when empty.
    #[field(write)]
    pub event_types: Vec<Text<128>>,
    /// Programs to which resources must belong; all in sight when empty.
    #[field(write)]
    pub program_ids: Vec<Id<Program>>,
    /// Labels that resources must bear, all of them: each a key, or `key=value`.
    #[field(write)]
    pub with_labels: Vec<Text<264>>,
    /// Code of the source whose own writes are left out.
    #[field(write)]
    pub exclude_source: Option<Code>,
    /// Whether events are sent.
    #[field(filter)]
    pub state: WebhookState,
    /// Why none are sent.
    #[field(filter)]
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// When its secret was last made; the secret itself is shown once. Nothing is sent before the first.
    #[field(filter)]
    pub secret_rotated_at: Option<Instant>,
    /// Until when messages are signed with the secret before as well (UTC).
    pub previous_secret_until: Option<Instant>,
}

/// How much an event says.
#[words]
pub enum WebhookContent {
    /// The resource after the change, as far as it is in sight.
    Full,
    /// Only what happened to which resource.
    Thin,
}

/// Whether events are sent to an endpoint.
#[words(states)]
#[derive(Default)]
pub enum WebhookState {
    /// Events are sent.
    #[default]
    Active,
    /// Nothing is sent; what happens meanwhile is sent once it is active again.
    Disabled,
}

impl States for WebhookState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Disabled]), (Self::Disabled, &[Self::Active])];
}

/// Why no events are sent to an endpoint.
#[words]
pub enum WebhookDisabledReason {
    /// Somebody disabled it.
    Request,
    /// It answered that it is gone (410).
    Gone,
    /// It took nothing for days.
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

/// Stops sending to this endpoint. What happens meanwhile is sent once it is enabled again.
#[input]
pub struct DisableWebhookEndpoint {}

impl Verb for DisableWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "disable";
    fn decide(&self, endpoint: &mut WebhookEndpoint, _now: Instant) -> Result<(), Error> {
        endpoint.disable(WebhookDisabledReason::Request)
    }
}

/// Sends again, from where it stopped.
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

/// Seconds for which the secret before may be kept: a week.
const OVERLAP_MAX: i64 = 604_800;
/// Seconds for which it is kept when nothing else is said: a day.
const OVERLAP: i32 = 86_400;

/// Makes a new signing secret. The answer shows it once. Messages are signed with the one before as well until the
/// overlap ends; the first secret starts the sending.
#[input]
pub struct RotateSecretWebhookEndpoint {
    /// Seconds for which messages are signed with the secret before as well; 86400 when absent.
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

/// Sends a message of the type `steerco.webhook.test` at once and answers what became of it. It is sent once, and
/// not again under the same `Idempotency-Key`.
#[input]
pub struct TestWebhookEndpoint {}

impl Verb for TestWebhookEndpoint {
    type On = WebhookEndpoint;
    const NAME: &'static str = "test";
    fn decide_by(&self, endpoint: &mut WebhookEndpoint, acting: &Acting) -> Result<(), Error> {
        endpoint.check_own(acting)
    }
}

/// Sends again: one event, everything since an instant, or all that was given up.
#[input]
pub struct ReplayWebhookEndpoint {
    /// Id of the one event to send again.
    pub event_id: Option<Text<64>>,
    /// Instant from which on everything is sent again (UTC).
    pub since: Option<Instant>,
    /// Whether all that was given up is sent again.
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

/// What became of a message.
#[words]
pub enum WebhookDeliveryState {
    /// It is sent, or sent again at its time.
    Pending,
    /// It was taken.
    Delivered,
    /// It was sent as often as the schedule has it, and given up.
    Failed,
    /// The owner of the endpoint may no longer see what it says.
    Withheld,
}
