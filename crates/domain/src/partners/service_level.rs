//! Service levels of an engagement: targets, and credits for breaches.

use jiff::ToSpan;
use steerco_derive::{input, words};

use crate::error::Fault;
use crate::field::List;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::ratio::Ratio;
use crate::text::Text;
use crate::time::Day;

/// A service level that the service of the partner must meet. A measurement needs `target_value`, `direction` and `period`.
#[input(value)]
pub struct ServiceLevel {
    /// Name of the service level, such as `Availability`; unique in the engagement.
    pub name: Text<200>,
    /// Target in words, such as `99.5 % of each month`.
    pub target: Text<200>,
    /// Method of measurement.
    pub measure: Option<Text<1000>>,
    /// Target as a number, such as `99.5`.
    pub target_value: Option<Quantity>,
    /// Unit of the target, such as `%`.
    pub unit: Option<Text<20>>,
    /// Whether the measured value must be at least or at most the target.
    pub direction: Option<ServiceLevelDirection>,
    /// Period of measurement.
    pub period: Option<ServiceLevelPeriod>,
    /// Fee of the service for a period. Credits are a share of it.
    pub period_fee: Option<Money>,
    /// Credits for a breach, in tiers of increasing severity. Only the worst tier reached applies.
    pub credit_tiers: List<CreditTier, 20>,
}

/// Whether a measured value must be at least or at most its target.
#[words]
pub enum ServiceLevelDirection {
    /// Met at or above the target, such as availability.
    AtLeast,
    /// Met at or below the target, such as a response time.
    AtMost,
}

/// Period over which a service level is measured.
#[words]
pub enum ServiceLevelPeriod {
    /// A calendar month.
    Month,
    /// A quarter of the calendar year.
    Quarter,
    /// A calendar year.
    Year,
}

/// Credit for a service that is worse than a threshold.
#[input(value)]
pub struct CreditTier {
    /// The threshold, in the unit of the service level. The tier applies to values worse than it.
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
    /// The credit for a value: the credit of the worst tier that applies.
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
