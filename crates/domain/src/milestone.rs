//! Milestones of engagements and deliverables.

use steerco_derive::resource;

use crate::deliverable::{Deliverable, Weight};
use crate::engagement::Engagement;
use crate::error::Fault;
use crate::id::Id;
use crate::money::Money;
use crate::partner::Partner;
use crate::program::Program;
use crate::progress::Standing;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules};
use crate::text::Text;
use crate::time::Day;

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
    /// The day agreed.
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
    /// What is paid for it; this or `payment_share`, or neither.
    #[field(write, filter)]
    pub payment: Option<Money>,
    /// What is paid for it as a share of the value of the engagement. Sums are not checked against that value.
    #[field(write, filter)]
    pub payment_share: Option<Ratio>,
    /// What only the organisation's own people read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

impl Rules for Milestone {
    fn settle(&mut self, faults: &mut Vec<Fault>) {
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
    }

    fn standing(&self) -> Option<Standing> {
        let parent = self.deliverable_id.map(|id| id.to_string())?;
        Some(Standing { parent: Some(parent), own: Some(self.sums()), ..Standing::default() })
    }

    fn place(&self) -> Place {
        Place {
            portfolio: None,
            program: self.program_id.map(|id| id.to_string()),
            partner: self.partner_id.map(|id| id.to_string()),
            engagement: self.engagement_id.map(|id| id.to_string()),
        }
    }
}
