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

/// A significant day of an engagement, of a deliverable, or of both, when the engagement is to supply the deliverable. Days
/// are days in the time zone of the engagement, or of the organisation where there is no engagement. The milestone is reached
/// once `actual_on` is set. A partner sees the milestones of its engagements from the activation of the engagement on.
#[resource(prefix = "mile", plural = "milestones", scope = "InEngagement", dated)]
pub struct Milestone {
    /// The engagement of the milestone. Give this, `deliverable_id`, or both.
    #[field(create, filter, parent)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The deliverable of the milestone.
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
    /// Description of the result to be reached.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// The agreed day. The milestone is due until this day ends in the time zone of the engagement.
    #[field(write, filter)]
    pub planned_on: Option<Day>,
    /// The day of the current forecast.
    #[field(write, filter)]
    pub forecast_on: Option<Day>,
    /// The day on which it was reached.
    #[field(write, filter)]
    pub actual_on: Option<Day>,
    /// Weight among the milestones of the same parent, on any one scale; 1 when absent.
    #[field(write, filter)]
    pub weight: Option<Weight>,
    /// Payment for the milestone, in the currency of the value of the engagement. Give this or `payment_share`, or neither.
    /// The payments of all milestones of an engagement do not exceed its value.
    #[field(write, filter)]
    pub payment: Option<Money>,
    /// Payment for the milestone as a share of the value of the engagement.
    #[field(write, filter)]
    pub payment_share: Option<Ratio>,
    /// Acceptance criteria. They cannot change while a claim waits for its review.
    #[field(write)]
    pub acceptance_criteria: Vec<MilestoneCriterion>,
    /// State of the delivery.
    #[field(filter)]
    pub delivery_state: DeliveryState,
    /// State of the payment.
    #[field(filter)]
    pub payment_state: PaymentState,
    /// Share done as claimed by the partner, from 0 to 1. A claim is not a fact.
    #[field(filter)]
    pub claimed_percent: Option<Ratio>,
    /// The day on which the partner expects to reach it.
    #[field(filter)]
    pub claimed_forecast_on: Option<Day>,
    /// When the partner made that claim (UTC).
    #[field(filter)]
    pub claimed_at: Option<Instant>,
    /// Accepted share, from 0 to 1. This is the fact, the claim is not. The earned value of the milestone follows from this
    /// share once there is a claim, and from `actual_on` before.
    #[field(filter)]
    pub accepted_percent: Option<Ratio>,
    /// The day of the last acceptance, in the time zone of the engagement.
    #[field(filter)]
    pub accepted_on: Option<Day>,
    /// The last claim.
    #[field(filter)]
    pub latest_update_id: Option<Id<Claim>>,
    /// Number of claims.
    #[field(filter)]
    pub update_count: i32,
    /// Number of claims made after a review that did not accept everything.
    #[field(filter)]
    pub resubmission_count: i32,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// An acceptance criterion of a milestone.
#[input(value)]
pub struct MilestoneCriterion {
    /// Key, unique in the milestone; it stays when the text changes.
    pub key: Code,
    /// The condition that must be met.
    pub text: Text<1000>,
    /// The evidence that is required; none when absent.
    pub evidence_required: Option<Text<1000>>,
    /// Weight among the criteria of the milestone, on any one scale; 1 when absent.
    pub weight: Option<Weight>,
}

/// State of the delivery of a milestone.
#[words]
#[derive(Default)]
pub enum DeliveryState {
    /// Not delivered yet.
    #[default]
    Scheduled,
    /// Claimed; waits for its review.
    Submitted,
    /// Fully accepted.
    Accepted,
    /// Accepted with conditions.
    AcceptedWithReservations,
    /// Partly accepted.
    AcceptedInPart,
    /// The last claim was not accepted.
    Rejected,
}

/// State of the payment of a milestone.
#[words]
#[derive(Default)]
pub enum PaymentState {
    /// Nothing is payable yet.
    #[default]
    NotDue,
    /// An amount is payable, or waits for its release.
    Payable,
    /// All payable amounts are invoiced.
    Invoiced,
    /// All payable amounts are paid.
    Paid,
}

impl Milestone {
    /// Payment for the whole milestone as agreed, to the ten-thousandth; none where there is no payment.
    pub fn price(&self, value: Option<Money>) -> Option<Money> {
        self.payment.or_else(|| value.zip(self.payment_share).and_then(|(value, share)| value.share(share)))
    }

    /// Payment for the whole milestone as it can be paid. Of the milestones of an engagement that are paid by shares of its
    /// value, each gets the difference between the rounded cumulative shares with it and before it, so that they sum.
    pub fn payable_price<'a>(&self, value: Option<Money>, all: impl Iterator<Item = &'a Self>) -> Option<Money> {
        if self.payment.is_some() {
            return self.payment;
        }
        let (value, own) = value.zip(self.payment_share)?;
        let before = all.filter(|other| other.id.as_u128() < self.id.as_u128() && other.deleted_at.is_none());
        let before = before.filter_map(|other| other.payment_share).map(|share| i64::from(share.millionths())).sum();
        let upto = |millionths| value.payable_millionths(millionths).map(|money| money.units);
        let units = upto(before + i64::from(own.millionths()))?.checked_sub(upto(before)?)?;
        Some(Money::new(units, value.currency))
    }

    /// Its contribution to the milestones of its deliverable: the weight, earned by the accepted share, or once it is reached
    /// where it was never claimed; and the claimed part, which is at least the earned part.
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
        if let Some(payment) = self.payment.filter(|_| before.is_none_or(|before| before.payment != self.payment)) {
            faults.extend(payment.currency.check_whole("/payment/amount", payment.units));
        }
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
                faults.push(Fault::new(pointer, "FROZEN", "cannot change after a part of the milestone is accepted"));
            }
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.engagement_id.is_none() && self.deliverable_id.is_none() {
            let detail = "a milestone belongs to an engagement, a deliverable, or both";
            faults.push(Fault::new("/engagement_id", "REQUIRED", detail));
        }
        if self.engagement_id.is_none() && (self.payment.is_some() || self.payment_share.is_some()) {
            let detail = "a payment needs an engagement: set engagement_id";
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
                faults.push(Fault::new(pointer, "DUPLICATE", "the key is used by another criterion"));
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
