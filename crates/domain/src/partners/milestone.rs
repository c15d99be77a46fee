//! Milestones of engagements and deliverables.

use steerco_derive::{input, resource, words};

use crate::claimed::Claim;
use crate::deliverable::{Deliverable, Weight};
use crate::engagement::Engagement;
use crate::error::Fault;
use crate::id::Id;
use crate::money::Money;
use crate::partner::Partner;
use crate::program::Program;
use crate::progress::{Standing, Sums};
use crate::ratio::Ratio;
use crate::resource::{Place, Rules};
use crate::text::{Code, Text};
use crate::time::{Day, Instant};

/// A day that matters: of an engagement, of a deliverable, or of both, when the deliverable is what the engagement is to
/// bring. Days are those of the time zone of the engagement, or of the organisation where there is none: a day ends when
/// it ends there. It is reached once `actual_on` is set. A partner sees those of its engagements, as they stood from the
/// activation of the engagement on.
#[resource(prefix = "mile", plural = "milestones", scope = "InEngagement", dated)]
pub struct Milestone {
    /// The engagement it belongs to; this, `deliverable_id`, or both.
    #[field(create, filter, parent)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The deliverable it belongs to.
    #[field(create, filter, parent)]
    pub deliverable_id: Option<Id<Deliverable>>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The program of that deliverable.
    #[field(inherited, filter)]
    pub program_id: Option<Id<Program>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// What is to be reached.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// The day agreed: it is due until this day ends in the time zone of the engagement.
    #[field(write, filter)]
    pub planned_on: Option<Day>,
    /// The day as forecast now.
    #[field(write, filter)]
    pub forecast_on: Option<Day>,
    /// The day in fact.
    #[field(write, filter)]
    pub actual_on: Option<Day>,
    /// What it counts among the milestones beside it, on any one scale; 1 when absent.
    #[field(write, filter)]
    pub weight: Option<Weight>,
    /// What is paid for it, in the currency of the value of the engagement; this or `payment_share`, or neither. What the
    /// milestones of an engagement are paid in all is not more than its value.
    #[field(write, filter)]
    pub payment: Option<Money>,
    /// What is paid for it as a share of the value of the engagement.
    #[field(write, filter)]
    pub payment_share: Option<Ratio>,
    /// What it is accepted by. They stand still while a claim waits for its review.
    #[field(write)]
    pub acceptance_criteria: Vec<MilestoneCriterion>,
    /// What became of its delivery.
    #[field(filter)]
    pub delivery_state: DeliveryState,
    /// What became of its payment.
    #[field(filter)]
    pub payment_state: PaymentState,
    /// Share done as the partner claims it, from 0 to 1: no fact.
    #[field(filter)]
    pub claimed_percent: Option<Ratio>,
    /// The day on which the partner says that it will be reached.
    #[field(filter)]
    pub claimed_forecast_on: Option<Day>,
    /// When the partner claimed that (UTC).
    #[field(filter)]
    pub claimed_at: Option<Instant>,
    /// Share accepted, from 0 to 1: the fact beside the claim. What the milestone earns follows from it once there is a
    /// claim, and from `actual_on` before.
    #[field(filter)]
    pub accepted_percent: Option<Ratio>,
    /// The day of the last acceptance, in the time zone of the engagement.
    #[field(filter)]
    pub accepted_on: Option<Day>,
    /// The last claim.
    #[field(filter)]
    pub latest_update_id: Option<Id<Claim>>,
    /// How many claims there were.
    #[field(filter)]
    pub update_count: i32,
    /// How many of them followed a review that did not accept all.
    #[field(filter)]
    pub resubmission_count: i32,
    /// What only the organisation's own people read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// One thing a milestone is accepted by.
#[input(value)]
pub struct MilestoneCriterion {
    /// Handle that stays when the text changes, unique in the milestone.
    pub key: Code,
    /// What must hold.
    pub text: Text<1000>,
    /// What must be shown as evidence; nothing when absent.
    pub evidence_required: Option<Text<1000>>,
    /// What it counts among the criteria beside it, on any one scale; 1 when absent.
    pub weight: Option<Weight>,
}

/// What became of the delivery of a milestone.
#[words]
#[derive(Default)]
pub enum DeliveryState {
    /// Still to come.
    #[default]
    Scheduled,
    /// Claimed, waiting for its review.
    Submitted,
    /// Accepted whole.
    Accepted,
    /// Accepted, under conditions.
    AcceptedWithReservations,
    /// Accepted in part.
    AcceptedInPart,
    /// What was claimed last is not accepted.
    Rejected,
}

/// What became of the payment of a milestone.
#[words]
#[derive(Default)]
pub enum PaymentState {
    /// Nothing is payable yet.
    #[default]
    NotDue,
    /// Something is payable, or waits for its release.
    Payable,
    /// All that is payable is invoiced.
    Invoiced,
    /// All that is payable is paid.
    Paid,
}

impl Milestone {
    /// What is paid for all of it; none where nothing is.
    pub fn price(&self, value: Option<Money>) -> Option<Money> {
        self.payment.or_else(|| value.zip(self.payment_share).and_then(|(value, share)| value.share(share)))
    }

    /// What it adds to the milestones of its deliverable: its weight, earned as far as it is accepted, or, where nobody
    /// has ever claimed it, once it is reached; and what of it is claimed, or more where more is earned.
    pub fn sums(&self) -> Sums {
        if self.deleted_at.is_some() {
            return Sums::default();
        }
        let share = self.weight.map_or(1, |weight| i64::from(weight.get()));
        let part = |percent: Option<Ratio>| percent.map_or(0, |percent| share * i64::from(percent.millionths()));
        let weight = share * i64::from(Ratio::ONE);
        let reached = self.update_count == 0 && self.actual_on.is_some();
        let earned = if reached { weight } else { part(self.accepted_percent) };
        let claimed = part(self.claimed_percent).max(earned);
        Sums::of_milestones(weight, earned, claimed)
    }
}

impl Rules for Milestone {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before else { return };
        let waits = before.delivery_state == DeliveryState::Submitted;
        if waits && before.acceptance_criteria != self.acceptance_criteria {
            let detail = "cannot change while a claim waits for its review";
            faults.push(Fault::new("/acceptance_criteria", "FROZEN", detail));
        }
        if before.accepted_percent.is_some() {
            let changed = [
                ("/payment", before.payment != self.payment),
                ("/payment_share", before.payment_share != self.payment_share),
            ];
            for (pointer, _) in changed.into_iter().filter(|(_, changed)| *changed) {
                faults.push(Fault::new(pointer, "FROZEN", "cannot change once something of it is accepted"));
            }
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.engagement_id.is_none() && self.deliverable_id.is_none() {
            let detail = "a milestone belongs to an engagement, a deliverable, or both";
            faults.push(Fault::new("/engagement_id", "REQUIRED", detail));
        }
        if self.engagement_id.is_none() && (self.payment.is_some() || self.payment_share.is_some()) {
            let detail = "only an engagement pays: give engagement_id";
            faults.push(Fault::new("/engagement_id", "REQUIRED", detail));
        }
        if self.payment.is_some() && self.payment_share.is_some() {
            let detail = "give the payment as an amount or as a share of the value, not both";
            faults.push(Fault::new("/payment_share", "ONE_PAYMENT", detail));
        }
        if self.payment.is_some_and(|payment| payment.units < 0) {
            faults.push(Fault::new("/payment/amount", "OUT_OF_RANGE", "must not be negative"));
        }
        for (i, row) in self.acceptance_criteria.iter().enumerate() {
            if self.acceptance_criteria[..i].iter().any(|before| before.key == row.key) {
                let pointer = format!("/acceptance_criteria/{i}/key");
                faults.push(Fault::new(pointer, "DUPLICATE", "one criterion a key"));
            }
        }
    }

    fn standing(&self) -> Option<Standing> {
        let parent = self.deliverable_id.map(|id| id.to_string())?;
        Some(Standing { parent: Some(parent), own: Some(self.sums()), ..Standing::default() })
    }

    fn place(&self) -> Place {
        Place::of_engagement(self.program_id, self.partner_id, self.engagement_id)
    }
}
