//! Retention releases: letting go of what was kept back of payments.

use steerco_derive::{input, resource, words};

use crate::engagement::{Engagement, EngagementState};
use crate::error::{Error, Fault, Reason};
use crate::id::Id;
use crate::money::{Amount, Money};
use crate::partner::Partner;
use crate::person::Person;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// Lets go of an amount that was kept back of payables: asked for by one and approved by another person, from the day on
/// that the contract names, or once the engagement is over where it names none. What was released may be invoiced. Both
/// sides read it.
#[resource(
    prefix = "rtrl",
    plural = "retention_releases",
    scope = "InEngagement",
    verbs(ApproveRetentionRelease, RejectRetentionRelease)
)]
pub struct RetentionRelease {
    /// The engagement of which it was kept back.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// How much is let go of.
    #[field(create, filter)]
    pub amount: Money,
    /// Why, such as the certificate that says that all is well.
    #[field(write)]
    pub reason: Text<1000>,
    /// Where it is in its life.
    #[field(filter)]
    pub state: RetentionReleaseState,
    /// Who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved (UTC).
    #[field(filter)]
    pub agreed_at: Option<Instant>,
    /// Why it was rejected.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
}

/// Where a retention release is in its life.
#[words(states)]
#[derive(Default)]
pub enum RetentionReleaseState {
    /// Awaits a decision.
    #[default]
    Requested,
    /// May be invoiced.
    Approved,
    /// Was not approved.
    Rejected,
}

impl States for RetentionReleaseState {
    const MOVES: &'static [(Self, &'static [Self])] = &[(Self::Requested, &[Self::Approved, Self::Rejected])];
}

impl RetentionRelease {
    fn decide(&mut self, to: RetentionReleaseState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on retention")?;
        if self.state == RetentionReleaseState::Requested && self.created_by.0 == person.to_string() {
            let detail = "a release is decided on by somebody else than who asked for it";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        self.state.go(to)?;
        self.decided_by = Some(person);
        Ok(())
    }

    /// Whether the contract lets it be released on this day, and so much is still kept back.
    pub fn check(&self, engagement: &Engagement, today: Day, kept: Amount) -> Result<(), Error> {
        let over = matches!(engagement.state, EngagementState::Completed | EngagementState::Terminated);
        match engagement.retention_release_on {
            Some(day) if today < day => {
                let detail = format!("the contract releases nothing before {day}");
                return Err(Error::new(Reason::WrongState, detail));
            }
            None if !over => {
                let detail = "the contract names no day: nothing is released before the engagement is over";
                return Err(Error::new(Reason::WrongState, detail));
            }
            _ => {}
        }
        if engagement.value.is_some_and(|value| value.currency != self.amount.currency) {
            let detail = "must be the currency of the value of the engagement";
            return Err(Error::fault("/amount/currency", "DOES_NOT_FIT", detail));
        }
        if self.amount.units > kept.units() {
            let detail = format!("{kept} {} are kept back and not released", self.amount.currency.code());
            return Err(Error::fault("/amount/amount", "INSUFFICIENT", detail));
        }
        Ok(())
    }
}

impl Rules for RetentionRelease {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.amount.units <= 0 {
            faults.push(Fault::new("/amount/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            RetentionReleaseState::Requested => Ok(()),
            state => Err(Error::new(Reason::WrongState, format!("the release is {}, and stays", state.word()))),
        }
    }

    fn place(&self) -> Place {
        Place {
            partner: self.partner_id.map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}

/// Lets go of it; by somebody else than who asked for it.
#[input]
pub struct ApproveRetentionRelease {}

impl Verb for ApproveRetentionRelease {
    type On = RetentionRelease;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut RetentionRelease, acting: &Acting) -> Result<(), Error> {
        on.decide(RetentionReleaseState::Approved, acting)?;
        on.agreed_at = Some(acting.now);
        Ok(())
    }
}

/// Keeps it back.
#[input]
pub struct RejectRetentionRelease {
    /// Why.
    pub reason: Text<1000>,
}

impl Verb for RejectRetentionRelease {
    type On = RetentionRelease;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut RetentionRelease, acting: &Acting) -> Result<(), Error> {
        on.decide(RetentionReleaseState::Rejected, acting)?;
        on.rejection_reason = Some(self.reason.clone());
        Ok(())
    }
}
