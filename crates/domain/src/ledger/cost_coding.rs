//! How a finance system coded a cost, beside its cost code.

use steerco_derive::input;

use crate::error::Fault;
use crate::money::{Amount, Money};
use crate::text::Text;

/// How finance coded a cost, as it sends that. Coding rules may say where costs go by any of the four codes.
#[input(value)]
pub struct CostCoding {
    /// Account of the general ledger.
    pub gl_account: Option<Text<100>>,
    /// Cost centre.
    pub cost_centre: Option<Text<100>>,
    /// Element of the work breakdown structure.
    pub wbs_element: Option<Text<100>>,
    /// Tax code.
    pub tax_code: Option<Text<100>>,
    /// The amount without tax, in the currency of the line. With it the line comes to net and tax, less what of the tax is
    /// recoverable.
    pub net: Option<Amount>,
    /// The tax on it.
    pub tax: Option<Amount>,
    /// What of the tax is got back, and so is no cost.
    pub recoverable_tax: Option<Amount>,
}

impl CostCoding {
    /// The four codes, in the order of their fields.
    pub fn codes(&self) -> [Option<&str>; 4] {
        [&self.gl_account, &self.cost_centre, &self.wbs_element, &self.tax_code]
            .map(|code| code.as_ref().map(Text::as_str))
    }

    /// Whether its amounts come to that of the line; faults at their places below `at`.
    pub(crate) fn check(&self, amount: Money, at: &str, faults: &mut Vec<Fault>) {
        let units = |part: Option<Amount>| part.map_or(0, |part| i128::from(part.units()));
        if let Some(net) = self.net {
            let cost = i128::from(net.units()) + units(self.tax) - units(self.recoverable_tax);
            if cost != i128::from(amount.units) {
                let detail = "net and tax, less what of it is recoverable, do not come to the amount of the line";
                faults.push(Fault::new(format!("{at}/net"), "DOES_NOT_FIT", detail));
            }
        } else if self.tax.is_some() || self.recoverable_tax.is_some() {
            faults.push(Fault::new(format!("{at}/net"), "REQUIRED", "is required where tax is said"));
        }
    }

    /// What of it is said, for the digest of a content.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Self { gl_account, cost_centre, wbs_element, tax_code, net, tax, recoverable_tax } = self;
        let text = |code: &Option<Text<100>>| code.as_ref().map(Text::to_string);
        let amount = |amount: &Option<Amount>| amount.map(|amount| amount.units().to_string());
        let all = [
            ("gl_account", text(gl_account)),
            ("cost_centre", text(cost_centre)),
            ("wbs_element", text(wbs_element)),
            ("tax_code", text(tax_code)),
            ("net", amount(net)),
            ("tax", amount(tax)),
            ("recoverable_tax", amount(recoverable_tax)),
        ];
        all.into_iter().filter_map(|(name, said)| Some((name, said?)))
    }
}
