//! Payables: amounts that an acceptance makes payable to a partner.

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

/// An amount that an acceptance makes payable to the partner, with its retention. Only an acceptance creates a payable; a
/// claim or an invoice never does. A payable is reversed by another payable of the same amount below zero.
#[resource(prefix = "pybl", plural = "payables", scope = "InEngagement", reach = "Fixed", verbs(ReleasePayable))]
pub struct Payable {
    /// The review that accepted the work.
    #[field(create, filter)]
    pub review_id: Id<Review>,
    /// The milestone that is paid for.
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
    /// Gross amount by the payment rule of the engagement, retention included; below zero in a reversal.
    #[field(create, filter)]
    pub amount: Money,
    /// Part of the amount that is retained until its release, in the same currency.
    #[field(filter)]
    pub retained: Amount,
    /// Amount payable now: `amount` less `retained`.
    #[field(filter)]
    pub net: Amount,
    /// State of the payable.
    #[field(filter)]
    pub state: PayableState,
    /// The day of the acceptance in the time zone of the engagement.
    #[field(filter)]
    pub accepted_on: Option<Day>,
    /// When a held payable was released (UTC).
    #[field(filter)]
    pub released_at: Option<Instant>,
    /// The person who released it.
    #[field(filter, private)]
    pub released_by: Option<Id<Person>>,
    /// Part of `net` that is invoiced.
    #[field(filter)]
    pub invoiced: Amount,
    /// Part of `invoiced` that is paid. For a partly paid invoice it is the share of the paid amount, rounded down until the
    /// whole invoice is paid.
    #[field(filter)]
    pub paid: Amount,
    /// The last day on which a part was paid, as reported by finance.
    #[field(filter)]
    pub paid_on: Option<Day>,
    /// The payable that this one reverses.
    #[field(filter)]
    pub reverses_id: Option<Id<Payable>>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// State of a payable.
#[words]
#[derive(Default)]
pub enum PayableState {
    /// Accepted because it was not reviewed in time; payment waits until a person releases it.
    Held,
    /// The partner may invoice it.
    #[default]
    Payable,
    /// Fully invoiced.
    Invoiced,
    /// Fully paid.
    Paid,
    /// Reversed, or a reversal of another payable.
    Reversed,
}

impl Payable {
    /// The retained part of what is due more than `so_far`, and the rest. The cumulative part is rounded, so that the parts
    /// sum.
    pub fn keep_back(due: Money, so_far: i64, retention: Option<Ratio>) -> (Amount, Amount) {
        let of = |units| {
            let money = Money::new(units, due.currency);
            retention.and_then(|ratio| money.payable_share(ratio)).map_or(0, |share| share.units)
        };
        let retained = of(due.units) - of(so_far);
        (Amount::new(retained), Amount::new(due.units - so_far - retained))
    }
}

impl Rules for Payable {
    fn derive_and_check(&mut self, _faults: &mut Vec<crate::error::Fault>) {
        if matches!(self.state, PayableState::Held | PayableState::Reversed) {
            return;
        }
        // Less than a minor unit cannot be paid: nothing is left then.
        let unit = self.amount.currency.minor_unit();
        let whole = |so_far: Amount| self.net.units() - so_far.units() < unit && self.net.units() > 0;
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

/// Releases a payable that was accepted because it was not reviewed in time. Only a person can release it.
#[input]
pub struct ReleasePayable {}

impl Verb for ReleasePayable {
    type On = Payable;
    const NAME: &'static str = "release";
    fn decide_by(&self, on: &mut Payable, acting: &Acting) -> Result<(), Error> {
        if on.state != PayableState::Held {
            return Err(Error::new(Reason::WrongState, "only a held payable can be released"));
        }
        on.released_by =
            Some(acting.need_person("only a person can release a payment; this token belongs to no person")?);
        on.released_at = Some(acting.now);
        on.state = PayableState::Payable;
        Ok(())
    }
}
