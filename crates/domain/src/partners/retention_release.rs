//! Retention releases: release of retained parts of payments.

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

/// Releases an amount that was retained from payables. One person requests it and another approves it. The release is
/// possible from the day that the contract names, or after the end of the engagement where it names none. A released amount
/// can be invoiced. Both sides read it.
#[resource(
    prefix = "rtrl",
    plural = "retention_releases",
    scope = "InEngagement",
    verbs(ApproveRetentionRelease, RejectRetentionRelease)
)]
pub struct RetentionRelease {
    /// The engagement of the retention.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The amount to release.
    #[field(create, filter)]
    pub amount: Money,
    /// Reason, such as a certificate of completion.
    #[field(write)]
    pub reason: Text<1000>,
    /// State of the release.
    #[field(filter)]
    pub state: RetentionReleaseState,
    /// The person who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved (UTC).
    #[field(filter)]
    pub agreed_at: Option<Instant>,
    /// Reason of the rejection.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
}

/// State of a retention release.
#[words(states)]
#[derive(Default)]
pub enum RetentionReleaseState {
    /// Waits for a decision.
    #[default]
    Requested,
    /// Approved; can be invoiced.
    Approved,
    /// Not approved.
    Rejected,
}

impl States for RetentionReleaseState {
    const MOVES: &'static [(Self, &'static [Self])] = &[(Self::Requested, &[Self::Approved, Self::Rejected])];
}

impl RetentionRelease {
    fn decide(&mut self, to: RetentionReleaseState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on retention")?;
        if self.state == RetentionReleaseState::Requested && self.created_by.0 == person.to_string() {
            let detail = "a release must be decided by another person than its requester";
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
                let detail = format!("the contract allows no release before {day}");
                return Err(Error::new(Reason::WrongState, detail));
            }
            None if !over => {
                let detail = "the contract names no day: no release is possible before the engagement ends";
                return Err(Error::new(Reason::WrongState, detail));
            }
            _ => {}
        }
        if engagement.value.is_some_and(|value| value.currency != self.amount.currency) {
            let detail = "must be the currency of the value of the engagement";
            return Err(Error::fault("/amount/currency", "DOES_NOT_FIT", detail));
        }
        if self.amount.units > kept.units() {
            let detail =
                format!("exceeds the amount retained and not yet released, {kept} {}", self.amount.currency.code());
            return Err(Error::fault("/amount/amount", "INSUFFICIENT", detail));
        }
        Ok(())
    }
}

impl Rules for RetentionRelease {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        if before.is_none() {
            faults.extend(self.amount.currency.check_whole("/amount/amount", self.amount.units));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.amount.units <= 0 {
            faults.push(Fault::new("/amount/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            RetentionReleaseState::Requested => Ok(()),
            state => {
                Err(Error::new(Reason::WrongState, format!("the release is {} and cannot be deleted", state.word())))
            }
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

/// Approves a release. The approver must not be the requester.
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

/// Rejects a release; the amount stays retained.
#[input]
pub struct RejectRetentionRelease {
    /// Reason of the rejection.
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
