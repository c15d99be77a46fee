//! Amendments: what changes of an engagement that is in force.

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

/// A change of the value, the duration or the scope of an engagement in force. Drafted by one person and approved by
/// another, within the authority of its role for the amount by which the value changes. Then it has the next number of its
/// engagement, keeps what was before beside what is new, and the partner sees it.
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
    /// The engagement that it changes.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// 1 for the first that was approved of its engagement, and so on.
    #[field(filter)]
    pub number: Option<i32>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Why it is needed.
    #[field(write)]
    pub rationale: Text<4000>,
    /// By how much the value grows, or shrinks where it is below zero.
    #[field(write, filter)]
    pub value_change: Option<Money>,
    /// The new first day.
    #[field(write, filter)]
    pub new_starts_on: Option<Day>,
    /// The new last day.
    #[field(write, filter)]
    pub new_ends_on: Option<Day>,
    /// What changes in what is to be done.
    #[field(write)]
    pub scope_change: Option<Text<4000>>,
    /// What is to be done from then on, where the statement of work as a whole is replaced.
    #[field(write)]
    pub new_statement_of_work: Option<Text<20_000>>,
    /// The day on which both sides had signed it.
    #[field(write, filter)]
    pub signed_on: Option<Day>,
    /// Where it is in its life.
    #[field(filter)]
    pub state: EngagementAmendmentState,
    /// Who submitted it.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// Who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved (UTC): from then on it holds.
    #[field(filter)]
    pub agreed_at: Option<Instant>,
    /// Why it was rejected.
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
    /// What was to be done before it, where that is replaced.
    #[field(system)]
    pub old_statement_of_work: Option<Text<20_000>>,
    /// What only the organisation's own people read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// Where an amendment is in its life.
#[words(states)]
#[derive(Default)]
pub enum EngagementAmendmentState {
    /// Being prepared; unknown to the partner.
    #[default]
    Draft,
    /// Awaits a decision.
    Submitted,
    /// In force.
    Approved,
    /// Was not approved.
    Rejected,
}

impl States for EngagementAmendmentState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Draft, &[Self::Submitted]), (Self::Submitted, &[Self::Draft, Self::Approved, Self::Rejected])];
}

impl EngagementAmendment {
    /// What cannot change once it was submitted.
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
            let detail = format!("the engagement is {}: only one in force is amended", to.state.word());
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
            let detail = "the engagement would end before it begins";
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
            let detail = "an amendment is decided on by somebody else than who drafted or submitted it";
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
            state => Err(Error::new(Reason::WrongState, format!("the amendment is {}, and stays", state.word()))),
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

/// Puts an amendment forward to be decided on. From then on what it says stays.
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

/// Takes an amendment back that nobody has decided on.
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

/// Puts an amendment in force: the engagement changes with it. By somebody else than who drafted or submitted it.
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

/// Turns an amendment down.
#[input]
pub struct RejectEngagementAmendment {
    /// Why.
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
