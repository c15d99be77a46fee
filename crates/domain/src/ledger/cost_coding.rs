//! Further coding of a cost by a finance system, beside its cost code.

use steerco_derive::input;

use crate::error::Fault;
use crate::money::{Amount, Money};
use crate::text::Text;

/// Coding of a cost by finance. Coding rules can match any of the four codes.
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
    /// The amount without tax, in the currency of the line. Where given, the amount of the line must equal net plus tax less
    /// recoverable tax.
    pub net: Option<Amount>,
    /// The tax on it.
    pub tax: Option<Amount>,
    /// The recoverable part of the tax, which is not a cost.
    pub recoverable_tax: Option<Amount>,
}

impl CostCoding {
    /// The four codes, in the order of their fields.
    pub fn codes(&self) -> [Option<&str>; 4] {
        [&self.gl_account, &self.cost_centre, &self.wbs_element, &self.tax_code]
            .map(|code| code.as_ref().map(Text::as_str))
    }

    /// Checks that its amounts match the amount of the line; faults are below `at`.
    pub(crate) fn check(&self, amount: Money, at: &str, faults: &mut Vec<Fault>) {
        let units = |part: Option<Amount>| part.map_or(0, |part| i128::from(part.units()));
        if let Some(net) = self.net {
            let cost = i128::from(net.units()) + units(self.tax) - units(self.recoverable_tax);
            if cost != i128::from(amount.units) {
                let detail = "net plus tax less recoverable_tax does not equal the amount of the line";
                faults.push(Fault::new(format!("{at}/net"), "DOES_NOT_FIT", detail));
            }
        } else if self.tax.is_some() || self.recoverable_tax.is_some() {
            faults.push(Fault::new(format!("{at}/net"), "REQUIRED", "is required where a tax is given"));
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
