//! Payables: what acceptance made payable to a partner.

use steerco_derive::{input, resource, words};

use crate::engagement::Engagement;
use crate::error::{Error, Reason};
use crate::id::Id;
use crate::milestone::Milestone;
use crate::money::{Amount, Money};
use crate::partner::Partner;
use crate::person::Person;
use crate::program::Program;
use crate::ratio::Ratio;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::review::Review;
use crate::text::Text;
use crate::time::{Day, Instant};

/// What an acceptance made payable to the partner, the retention taken off. Nothing else makes one: no claim and no
/// invoice. What is taken back is taken back by another one, of the same amount below zero.
#[resource(prefix = "pybl", plural = "payables", scope = "InEngagement", reach = "Fixed", verbs(ReleasePayable))]
pub struct Payable {
    /// The review that accepted it.
    #[field(create, filter)]
    pub review_id: Id<Review>,
    /// The milestone it is paid for.
    #[field(create, filter, parent)]
    pub milestone_id: Id<Milestone>,
    /// The engagement of that milestone.
    #[field(inherited, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The program of the deliverable of that milestone.
    #[field(inherited, filter)]
    pub program_id: Option<Id<Program>>,
    /// What acceptance is worth by the payment rule of the engagement, the retention in it; below zero in a reversal.
    #[field(create, filter)]
    pub amount: Money,
    /// What of it is kept back until the retention is released, in the same currency.
    #[field(filter)]
    pub retained: Amount,
    /// What is payable now: the amount less what is kept back.
    #[field(filter)]
    pub net: Amount,
    /// What became of it.
    #[field(filter)]
    pub state: PayableState,
    /// The day of the acceptance in the time zone of the engagement.
    #[field(filter)]
    pub accepted_on: Option<Day>,
    /// When what waited was released (UTC).
    #[field(filter)]
    pub released_at: Option<Instant>,
    /// Who released it.
    #[field(filter, private)]
    pub released_by: Option<Id<Person>>,
    /// How much of what is payable now is invoiced.
    #[field(filter)]
    pub invoiced: Amount,
    /// How much of that is paid: of an invoice that is paid in part, its share of what was paid, rounded down until the whole
    /// is.
    #[field(filter)]
    pub paid: Amount,
    /// The last day on which some of it was paid, as finance told.
    #[field(filter)]
    pub paid_on: Option<Day>,
    /// The payable that this one takes back.
    #[field(filter)]
    pub reverses_id: Option<Id<Payable>>,
    /// What only the organisation's own people read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// What became of a payable.
#[words]
#[derive(Default)]
pub enum PayableState {
    /// Accepted because nobody reviewed in time: payment waits until a person releases it.
    Held,
    /// The partner may invoice it.
    #[default]
    Payable,
    /// Invoiced whole.
    Invoiced,
    /// Paid whole.
    Paid,
    /// Taken back, or taking back another.
    Reversed,
}

impl Payable {
    /// What of an amount is kept back, and what is left of it.
    pub fn keep_back(amount: Money, retention: Option<Ratio>) -> (Amount, Amount) {
        let retained = retention.and_then(|ratio| amount.share(ratio)).map_or(0, |share| share.units);
        (Amount::new(retained), Amount::new(amount.units - retained))
    }
}

impl Rules for Payable {
    fn derive_and_check(&mut self, _faults: &mut Vec<crate::error::Fault>) {
        if matches!(self.state, PayableState::Held | PayableState::Reversed) {
            return;
        }
        let whole = |so_far: Amount| so_far.units() >= self.net.units() && self.net.units() > 0;
        self.state = match (whole(self.invoiced), whole(self.paid)) {
            (_, true) => PayableState::Paid,
            (true, false) => PayableState::Invoiced,
            (false, false) => PayableState::Payable,
        };
    }

    fn place(&self) -> Place {
        Place::of_engagement(self.program_id, self.partner_id, self.engagement_id)
    }
}

/// Releases what was accepted because nobody reviewed in time, by a person.
#[input]
pub struct ReleasePayable {}

impl Verb for ReleasePayable {
    type On = Payable;
    const NAME: &'static str = "release";
    fn decide_by(&self, on: &mut Payable, acting: &Acting) -> Result<(), Error> {
        if on.state != PayableState::Held {
            return Err(Error::new(Reason::WrongState, "only what is held is released"));
        }
        on.released_by = Some(acting.need_person("a payment is released by a person; this token stands for none")?);
        on.released_at = Some(acting.now);
        on.state = PayableState::Payable;
        Ok(())
    }
}
