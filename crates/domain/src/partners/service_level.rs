//! Service levels of an engagement: what must hold, and what it costs when it does not.

use jiff::ToSpan;
use steerco_derive::{input, words};

use crate::error::Fault;
use crate::field::List;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::ratio::Ratio;
use crate::text::Text;
use crate::time::Day;

/// What the partner's service must hold. To be measured it needs `target_value`, `direction` and `period`.
#[input(value)]
pub struct ServiceLevel {
    /// What is measured, such as `Availability`; unique in the engagement.
    pub name: Text<200>,
    /// What must hold in words, such as `99.5 % of each month`.
    pub target: Text<200>,
    /// How it is measured.
    pub measure: Option<Text<1000>>,
    /// What must hold as a number, such as `99.5`.
    pub target_value: Option<Quantity>,
    /// Its unit, such as `%`.
    pub unit: Option<Text<20>>,
    /// Whether the measured value must reach the target or stay below it.
    pub direction: Option<ServiceLevelDirection>,
    /// Over what time it is measured.
    pub period: Option<ServiceLevelPeriod>,
    /// What is paid for the service in a period: what a credit is a share of.
    pub period_fee: Option<Money>,
    /// What is credited for a breach, each tier worse than the one before. Of the tiers that are reached the single worst
    /// one counts.
    pub credit_tiers: List<CreditTier, 20>,
}

/// Whether a measured value must reach its target or stay below it.
#[words]
pub enum ServiceLevelDirection {
    /// It holds from the target upwards, like availability.
    AtLeast,
    /// It holds up to the target, like a time to respond.
    AtMost,
}

/// Over what time a service level is measured.
#[words]
pub enum ServiceLevelPeriod {
    /// A calendar month.
    Month,
    /// A quarter of the calendar year.
    Quarter,
    /// A calendar year.
    Year,
}

/// What is credited for a service that is worse than a threshold.
#[input(value)]
pub struct CreditTier {
    /// The value that the service must be worse than, in the unit of the service level.
    pub threshold: Quantity,
    /// Share of the fee of the period that is credited.
    pub credit: Ratio,
}

impl ServiceLevelDirection {
    /// Whether a value is worse than another.
    pub fn is_worse(self, value: Quantity, than: Quantity) -> bool {
        match self {
            Self::AtLeast => value < than,
            Self::AtMost => value > than,
        }
    }
}

impl ServiceLevelPeriod {
    /// Its last day, if it can begin on this one.
    pub fn last_day(self, first: Day) -> Option<Day> {
        let (months, every) = match self {
            Self::Month => (1, 1),
            Self::Quarter => (3, 3),
            Self::Year => (12, 12),
        };
        let day = first.date();
        let begins = day.day() == 1 && (day.month() - 1) % every == 0;
        let last = begins.then(|| day.checked_add(months.months()).and_then(jiff::civil::Date::yesterday))?;
        last.ok().map(Day::from_date)
    }
}

impl ServiceLevel {
    /// What is credited for a value: the credit of the single worst tier that it is beyond.
    pub fn credit_share(&self, value: Quantity) -> Option<Ratio> {
        let direction = self.direction?;
        let reached = self.credit_tiers.0.iter().filter(|tier| direction.is_worse(value, tier.threshold));
        reached.map(|tier| tier.credit).max()
    }
}

/// Every rule that the service levels of an engagement worth this break.
pub(crate) fn check(levels: &[ServiceLevel], value: Option<Money>, faults: &mut Vec<Fault>) {
    for (i, level) in levels.iter().enumerate() {
        let mut fault = |name: &str, code, detail: &str| {
            faults.push(Fault::new(format!("/service_levels/{i}{name}"), code, detail));
        };
        if levels[..i].iter().any(|other| other.name == level.name) {
            fault("/name", "DUPLICATE", "is named twice");
        }
        if level.period_fee.is_some_and(|fee| fee.units < 0) {
            fault("/period_fee/amount", "OUT_OF_RANGE", "must not be negative");
        }
        if level.period_fee.zip(value).is_some_and(|(fee, value)| fee.currency != value.currency) {
            fault("/period_fee/currency", "DOES_NOT_FIT", "must be the currency of the value of the engagement");
        }
        let measured = [level.target_value.is_some(), level.direction.is_some(), level.period.is_some()];
        let wanted = measured.contains(&true) || !level.credit_tiers.0.is_empty();
        let names = ["/target_value", "/direction", "/period"];
        for (name, _) in names.iter().zip(measured).filter(|(_, given)| wanted && !given) {
            fault(name, "REQUIRED", "a level that is measured needs target_value, direction and period");
        }
        let Some((target, direction)) = level.target_value.zip(level.direction) else { continue };
        let mut before: Option<&CreditTier> = None;
        for (j, tier) in level.credit_tiers.0.iter().enumerate() {
            if direction.is_worse(target, tier.threshold) {
                let detail = "is a value at which the target still holds, for which nothing is credited";
                fault(&format!("/credit_tiers/{j}/threshold"), "OUT_OF_ORDER", detail);
            }
            if tier.credit.millionths() == 0 {
                fault(&format!("/credit_tiers/{j}/credit"), "OUT_OF_RANGE", "must be more than 0");
            }
            if before.is_some_and(|before| !direction.is_worse(tier.threshold, before.threshold)) {
                fault(&format!("/credit_tiers/{j}/threshold"), "OUT_OF_ORDER", "must be worse than the one before");
            }
            if before.is_some_and(|before| tier.credit <= before.credit) {
                fault(&format!("/credit_tiers/{j}/credit"), "OUT_OF_ORDER", "must be more than the one before");
            }
            before = Some(tier);
        }
    }
}
