//! Rate cards: prices of work by time, by role, unit and date.

use steerco_derive::{input, resource, words};

use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::List;
use crate::id::Id;
use crate::money::{Amount, Currency, Money, divided};
use crate::partner::Partner;
use crate::person::Person;
use crate::quantity::Quantity;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// Rates for work of an engagement by role and unit, from a day on. The rate for a day comes from the latest approved card
/// that is effective on that day and has the role and unit. One person drafts the card and another approves it. An approved
/// card cannot change, and the partner sees it.
#[resource(prefix = "rcrd", plural = "rate_cards", scope = "AgreedInEngagement", verbs(ApproveRateCard))]
pub struct RateCard {
    /// The engagement of the card.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// The first day of work to which it applies.
    #[field(write, filter)]
    pub effective_on: Day,
    /// The currency of its rates.
    #[field(create, filter)]
    pub currency: Currency,
    /// The rates; each combination of role and unit appears once.
    #[field(write)]
    pub rates: List<RateCardRate, 500>,
    /// State of the card.
    #[field(filter)]
    pub state: RateCardState,
    /// The person who approved it.
    #[field(filter)]
    pub approved_by: Option<Id<Person>>,
    /// When it was approved (UTC).
    #[field(filter)]
    pub agreed_at: Option<Instant>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// Rate for one unit of work of a role.
#[input(value)]
pub struct RateCardRate {
    /// The role, such as `Senior engineer`.
    pub role: Text<100>,
    /// Unit of work.
    pub unit: RateUnit,
    /// Price of one unit.
    pub amount: Amount,
}

/// Unit of work.
#[words]
pub enum RateUnit {
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Months.
    Month,
    /// Pieces.
    Piece,
}

/// State of a rate card.
#[words(states)]
#[derive(Default)]
pub enum RateCardState {
    /// In preparation; not visible to the partner.
    #[default]
    Draft,
    /// In force from its first day on.
    Approved,
}

impl States for RateCardState {
    const MOVES: &'static [(Self, &'static [Self])] = &[(Self::Draft, &[Self::Approved])];
}

/// The rate that was agreed for work of this role and unit on this day, if there is one.
pub fn rate(cards: &[RateCard], role: &Text<100>, unit: RateUnit, on: Day) -> Option<Money> {
    let agreed = cards.iter().filter(|card| card.state == RateCardState::Approved && card.effective_on <= on);
    let of_card = |card: &RateCard| {
        let rate = card.rates.0.iter().find(|rate| rate.role == *role && rate.unit == unit)?;
        Some((card.effective_on, card.agreed_at, Money::new(rate.amount.units(), card.currency)))
    };
    agreed.filter_map(of_card).max_by_key(|(from, at, _)| (*from, *at)).map(|(_, _, money)| money)
}

/// What a quantity costs at a rate, rounded half to even at the minor unit; nothing where that is no amount.
pub fn price(quantity: Quantity, rate: Money) -> Option<Amount> {
    let product = i128::from(quantity.units()) * i128::from(rate.units);
    let unit = i128::from(rate.currency.minor_unit());
    i64::try_from(divided(product, 10_000 * unit) * unit).ok().map(Amount::new)
}

impl Rules for RateCard {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before.filter(|before| before.state == RateCardState::Approved) else { return };
        let changed = [
            ("/title", self.title != before.title),
            ("/effective_on", self.effective_on != before.effective_on),
            ("/rates", self.rates != before.rates),
        ];
        for (pointer, _) in changed.into_iter().filter(|(_, changed)| *changed) {
            faults.push(Fault::new(
                pointer,
                "FROZEN",
                "cannot change: the card is approved; create another card to replace it",
            ));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.rates.0.is_empty() {
            faults.push(Fault::new("/rates", "REQUIRED", "a rate card has at least one rate"));
        }
        for (i, rate) in self.rates.0.iter().enumerate() {
            if rate.amount.units() <= 0 {
                faults.push(Fault::new(format!("/rates/{i}/amount"), "OUT_OF_RANGE", "must be more than zero"));
            }
            let same = |other: &RateCardRate| other.role == rate.role && other.unit == rate.unit;
            if self.rates.0[..i].iter().any(same) {
                faults.push(Fault::new(format!("/rates/{i}"), "DUPLICATE", "the role and unit already have a rate"));
            }
        }
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            RateCardState::Draft => Ok(()),
            state @ RateCardState::Approved => {
                Err(Error::new(Reason::WrongState, format!("the rate card is {} and cannot be deleted", state.word())))
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            partner: self.agreed_at.and(self.partner_id).map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}

/// Approves a rate card. The approver must not be its author.
#[input]
pub struct ApproveRateCard {}

impl Verb for ApproveRateCard {
    type On = RateCard;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut RateCard, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person approves rates")?;
        if on.state == RateCardState::Draft && on.created_by.0 == person.to_string() {
            let detail = "a rate card must be approved by another person than its author";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        on.state.go(RateCardState::Approved)?;
        (on.approved_by, on.agreed_at) = (Some(person), Some(acting.now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::parse_amount;

    /// 37.5 hours at 95.50 are 3,581.25; half a minor unit is rounded to the even one.
    #[test]
    fn quantity_times_rate() {
        let of = |quantity: &str, rate: &str, code: &str| {
            let quantity = Quantity::new(parse_amount(quantity).unwrap());
            let rate = Money::new(parse_amount(rate).unwrap(), Currency::parse(code).unwrap());
            price(quantity, rate).map(|amount| amount.to_string())
        };
        assert_eq!(of("37.5", "95.50", "EUR").unwrap(), "3581.2500");
        assert_eq!(of("37.5", "95.50", "JPY").unwrap(), "3581.0000");
        assert_eq!(of("0.5", "0.03", "EUR").unwrap(), "0.0200");
        assert_eq!(of("0.5", "0.01", "EUR").unwrap(), "0.0000");
        assert_eq!(of("922337203685477", "10", "EUR"), None);
    }
}
