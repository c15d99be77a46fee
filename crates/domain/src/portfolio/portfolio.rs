//! Portfolios.

use steerco_derive::{input, resource};

use crate::field::Whole;
use crate::id::Id;
use crate::money::Currency;
use crate::person::Person;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules};
use crate::text::{Code, Text};

/// A group of programs that are managed together.
#[resource(prefix = "port", plural = "portfolios", scope = "Portfolio")]
pub struct Portfolio {
    /// Short unique code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Person accountable for it.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// Currency of its totals (ISO 4217).
    #[field(write, filter)]
    pub base_currency: Currency,
    /// Month in which its fiscal year begins, 1 to 12. January if absent.
    #[field(write)]
    pub fiscal_year_start_month: Option<Whole<1, 12>>,
    /// Limits from which the health of its programs is amber or red.
    #[field(write)]
    pub tolerances: Option<Tolerances>,
}

/// Limits from which health is amber or red. A value equal to a limit counts as the worse of the two.
#[input(value)]
pub struct Tolerances {
    /// Forecast cost above budget, as a share of the budget, from which health is amber.
    pub cost_amber: Option<Ratio>,
    /// Forecast cost above budget, as a share of the budget, from which health is red.
    pub cost_red: Option<Ratio>,
    /// Days between planned and forecast finish from which health is amber.
    pub days_late_amber: Option<Whole<0, 36_500>>,
    /// Days between planned and forecast finish from which health is red.
    pub days_late_red: Option<Whole<0, 36_500>>,
}

impl Tolerances {
    /// Reports an amber limit that is above the red limit.
    pub fn check(&self, faults: &mut Vec<crate::Fault>) {
        let cost = self.cost_amber.zip(self.cost_red).is_some_and(|(amber, red)| amber > red);
        let days = self.days_late_amber.zip(self.days_late_red).is_some_and(|(amber, red)| amber > red);
        for (wrong, name) in [(cost, "cost_amber"), (days, "days_late_amber")] {
            if wrong {
                let detail = "the amber limit must not be above the red limit";
                faults.push(crate::Fault::new(format!("/tolerances/{name}"), "OUT_OF_ORDER", detail));
            }
        }
    }
}

impl Rules for Portfolio {
    fn derive_and_check(&mut self, faults: &mut Vec<crate::Fault>) {
        if let Some(tolerances) = &self.tolerances {
            tolerances.check(faults);
        }
    }

    fn place(&self) -> Place {
        Place { portfolio: Some(self.id.to_string()), ..Place::default() }
    }
}
