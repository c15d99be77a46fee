//! Portfolios.

use steerco_derive::{input, resource};

use crate::field::Whole;
use crate::id::Id;
use crate::money::Currency;
use crate::person::Person;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules};
use crate::text::{Code, Text};

/// Programs that are steered together.
#[resource(prefix = "port", plural = "portfolios", scope = "Portfolio")]
pub struct Portfolio {
    /// Short handle.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Who answers for it.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// Currency of its totals (ISO 4217).
    #[field(write, filter)]
    pub base_currency: Currency,
    /// Month in which its fiscal year begins, 1 to 12; January when absent.
    #[field(write)]
    pub fiscal_year_start_month: Option<Whole<1, 12>>,
    /// From when on its programs count as amber or red.
    #[field(write)]
    pub tolerances: Option<Tolerances>,
}

/// From when on health is amber or red. A value at a limit is in the worse band.
#[input(value)]
pub struct Tolerances {
    /// Share of the budget a forecast may exceed before it is amber.
    pub cost_amber: Option<Ratio>,
    /// Share of the budget a forecast may exceed before it is red.
    pub cost_red: Option<Ratio>,
    /// Days a forecast finish may be late before it is amber.
    pub days_late_amber: Option<Whole<0, 36_500>>,
    /// Days a forecast finish may be late before it is red.
    pub days_late_red: Option<Whole<0, 36_500>>,
}

impl Tolerances {
    /// Records limits that are the wrong way round.
    pub fn check(&self, faults: &mut Vec<crate::Fault>) {
        let cost = self.cost_amber.zip(self.cost_red).is_some_and(|(amber, red)| amber > red);
        let days = self.days_late_amber.zip(self.days_late_red).is_some_and(|(amber, red)| amber > red);
        for (wrong, name) in [(cost, "cost_amber"), (days, "days_late_amber")] {
            if wrong {
                let detail = "the limit of amber must not be above that of red";
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
