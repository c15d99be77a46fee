//! Amendments: changes of an engagement in force.

use steerco_derive::{input, resource, words};

use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::id::Id;
use crate::money::Money;
use crate::partner::Partner;
use crate::person::Person;
use crate::resource::{Acting, Place, Resource, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// A change of the value, the duration or the scope of an engagement in force. One person drafts it and another approves it,
/// within the authority of the role for the change of value. On approval it gets the next number in its engagement and
/// records the old terms beside the new ones, and the partner sees it.
#[resource(
    prefix = "amd",
    plural = "engagement_amendments",
    scope = "AgreedInEngagement",
    verbs(
        SubmitEngagementAmendment,
        WithdrawEngagementAmendment,
        ApproveEngagementAmendment,
        RejectEngagementAmendment,
    )
)]
pub struct EngagementAmendment {
    /// The engagement to change.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Number among the approved amendments of the engagement, from 1.
    #[field(filter)]
    pub number: Option<i32>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Reason for the change.
    #[field(write)]
    pub rationale: Text<4000>,
    /// Change of the value; below zero for a reduction.
    #[field(write, filter)]
    pub value_change: Option<Money>,
    /// New first day.
    #[field(write, filter)]
    pub new_starts_on: Option<Day>,
    /// New last day.
    #[field(write, filter)]
    pub new_ends_on: Option<Day>,
    /// Description of the change of scope.
    #[field(write)]
    pub scope_change: Option<Text<4000>>,
    /// The new statement of work, where it is replaced as a whole.
    #[field(write)]
    pub new_statement_of_work: Option<Text<20_000>>,
    /// The day on which both sides had signed it.
    #[field(write, filter)]
    pub signed_on: Option<Day>,
    /// State of the amendment.
    #[field(filter)]
    pub state: EngagementAmendmentState,
    /// The person who submitted it.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// The person who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved (UTC). It is in force from then on.
    #[field(filter)]
    pub agreed_at: Option<Instant>,
    /// Reason of the rejection.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
    /// The value before it.
    #[field(system)]
    pub old_value: Option<Money>,
    /// The value with it.
    #[field(system)]
    pub new_value: Option<Money>,
    /// The first day before it.
    #[field(system)]
    pub old_starts_on: Option<Day>,
    /// The last day before it.
    #[field(system)]
    pub old_ends_on: Option<Day>,
    /// The statement of work before it, where it is replaced.
    #[field(system)]
    pub old_statement_of_work: Option<Text<20_000>>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// State of an amendment.
#[words(states)]
#[derive(Default)]
pub enum EngagementAmendmentState {
    /// In preparation; not visible to the partner.
    #[default]
    Draft,
    /// Waits for a decision.
    Submitted,
    /// In force.
    Approved,
    /// Not approved.
    Rejected,
}

impl States for EngagementAmendmentState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Draft, &[Self::Submitted]), (Self::Submitted, &[Self::Draft, Self::Approved, Self::Rejected])];
}

impl EngagementAmendment {
    /// Fields that cannot change after submission.
    fn content(&self) -> [(&'static str, String); 7] {
        [
            ("title", self.title.to_string()),
            ("rationale", self.rationale.to_string()),
            ("value_change", format!("{:?}", self.value_change)),
            ("new_starts_on", format!("{:?}", self.new_starts_on)),
            ("new_ends_on", format!("{:?}", self.new_ends_on)),
            ("scope_change", format!("{:?}", self.scope_change)),
            ("new_statement_of_work", format!("{:?}", self.new_statement_of_work)),
        ]
    }

    /// Takes its number and the old values from the engagement, and gives it the new ones.
    pub fn apply(&mut self, to: &mut Engagement) -> Result<(), Error> {
        if !to.is_in_force() {
            let detail = format!("the engagement is {}: only an engagement in force can be amended", to.state.word());
            return Err(Error::new(Reason::WrongState, detail));
        }
        // Engagements that were put in force before this was kept.
        if to.amendment_count == 0 && to.signed_value.is_none() {
            to.signed_value = to.value;
        }
        (self.old_value, self.old_starts_on, self.old_ends_on) = (to.value, to.starts_on, to.ends_on);
        if let Some(change) = self.value_change {
            to.value = Some(changed(to.value, change)?);
        }
        to.starts_on = self.new_starts_on.or(to.starts_on);
        to.ends_on = self.new_ends_on.or(to.ends_on);
        if to.starts_on.zip(to.ends_on).is_some_and(|(first, last)| last < first) {
            let detail = "the engagement would end before its first day";
            return Err(Error::fault("/new_ends_on", "OUT_OF_ORDER", detail));
        }
        if let Some(new) = &self.new_statement_of_work {
            self.old_statement_of_work = to.statement_of_work.replace(new.clone());
        }
        self.new_value = to.value;
        to.amendment_count += 1;
        self.number = Some(to.amendment_count);
        Ok(())
    }

    fn decide(&mut self, to: EngagementAmendmentState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on an amendment")?;
        let drafted = self.created_by.0 == person.to_string() || self.submitted_by == Some(person);
        if self.state == EngagementAmendmentState::Submitted && drafted {
            let detail = "an amendment must be decided by another person than its author or submitter";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        self.state.go(to)?;
        self.decided_by = Some(person);
        Ok(())
    }
}

/// A value after a change of it.
fn changed(value: Option<Money>, change: Money) -> Result<Money, Error> {
    let old = value.unwrap_or(Money::new(0, change.currency));
    if old.currency != change.currency {
        let detail = format!("the engagement is in {}", old.currency.code());
        return Err(Error::fault("/value_change/currency", "DOES_NOT_FIT", detail));
    }
    let new = old.units.checked_add(change.units).filter(|units| *units >= 0);
    let refused = || Error::fault("/value_change/amount", "OUT_OF_RANGE", "the value would be below zero or too great");
    new.map(|units| Money::new(units, old.currency)).ok_or_else(refused)
}

impl Rules for EngagementAmendment {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        if let Some(change) = self.value_change.filter(|_| before.is_none_or(|it| it.value_change != self.value_change))
        {
            faults.extend(change.currency.check_whole("/value_change/amount", change.units));
        }
        let Some(before) = before.filter(|before| before.state != EngagementAmendmentState::Draft) else { return };
        for ((name, is), (_, was)) in self.content().into_iter().zip(before.content()) {
            if is != was {
                let detail = format!("cannot change: the amendment is {}", before.state.word());
                faults.push(Fault::new(format!("/{name}"), "FROZEN", detail));
            }
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        let days = self.new_starts_on.is_some() || self.new_ends_on.is_some();
        let scope = self.scope_change.is_some() || self.new_statement_of_work.is_some();
        if self.value_change.is_none() && !days && !scope {
            faults.push(Fault::new("/value_change", "REQUIRED", "an amendment changes value, duration or scope"));
        }
        if self.value_change.is_some_and(|change| change.units == 0) {
            faults.push(Fault::new("/value_change/amount", "OUT_OF_RANGE", "must not be zero"));
        }
        if self.new_starts_on.zip(self.new_ends_on).is_some_and(|(first, last)| last < first) {
            faults.push(Fault::new("/new_ends_on", "OUT_OF_ORDER", "must not be before new_starts_on"));
        }
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            EngagementAmendmentState::Draft => Ok(()),
            state => {
                Err(Error::new(Reason::WrongState, format!("the amendment is {} and cannot be deleted", state.word())))
            }
        }
    }

    fn context_of(&self) -> Option<(&'static str, String)> {
        Some((Engagement::KIND.name, self.engagement_id.to_string()))
    }

    fn take_context(&mut self, from: &dyn std::any::Any, faults: &mut Vec<Fault>) {
        let Some(from) = from.downcast_ref::<Engagement>() else { return };
        // What would be refused at the approval is told now.
        match self.clone().apply(&mut from.clone()) {
            Err(error) if error.faults.is_empty() => {
                faults.push(Fault::new("/engagement_id", "DOES_NOT_FIT", error.detail));
            }
            Err(error) => faults.extend(error.faults),
            Ok(()) => {}
        }
    }

    fn place(&self) -> Place {
        Place {
            // What a partner has not agreed to yet is not in its place.
            partner: self.agreed_at.and(self.partner_id).map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}

/// Submits an amendment for a decision. Its terms cannot change from then on.
#[input]
pub struct SubmitEngagementAmendment {}

impl Verb for SubmitEngagementAmendment {
    type On = EngagementAmendment;
    const NAME: &'static str = "submit";
    fn decide_by(&self, on: &mut EngagementAmendment, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person submits an amendment")?;
        on.state.go(EngagementAmendmentState::Submitted)?;
        on.submitted_by = Some(person);
        Ok(())
    }
}

/// Withdraws an amendment that is not decided yet.
#[input]
pub struct WithdrawEngagementAmendment {}

impl Verb for WithdrawEngagementAmendment {
    type On = EngagementAmendment;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut EngagementAmendment, _now: Instant) -> Result<(), Error> {
        on.state.go(EngagementAmendmentState::Draft)?;
        on.submitted_by = None;
        Ok(())
    }
}

/// Approves an amendment and changes the engagement. The approver must not be its author or submitter.
#[input]
pub struct ApproveEngagementAmendment {}

impl Verb for ApproveEngagementAmendment {
    type On = EngagementAmendment;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut EngagementAmendment, acting: &Acting) -> Result<(), Error> {
        on.decide(EngagementAmendmentState::Approved, acting)?;
        on.agreed_at = Some(acting.now);
        Ok(())
    }
}

/// Rejects an amendment.
#[input]
pub struct RejectEngagementAmendment {
    /// Reason of the rejection.
    pub reason: Text<1000>,
}

impl Verb for RejectEngagementAmendment {
    type On = EngagementAmendment;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut EngagementAmendment, acting: &Acting) -> Result<(), Error> {
        on.decide(EngagementAmendmentState::Rejected, acting)?;
        on.rejection_reason = Some(self.reason.clone());
        Ok(())
    }
}
