//! Lines of actuals: reading, digests and control totals.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use steerco_derive::input;

use crate::actuals_control::{ActualsControl, ActualsOutcome, ActualsStatus, ControlTotal, CurrencyTotal};
use crate::cost_category::CostCategory;
use crate::cost_coding::CostCoding;
use crate::error::Fault;
use crate::field::{Field, Whole};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::money::{Amount, Currency, Money};
use crate::program::Program;
use crate::project::Project;
use crate::spend::Spend;
use crate::text::Text;
use crate::time::Day;
use crate::words::Words;

/// A cost line from a finance system.
#[input(value)]
pub struct ActualsLine {
    /// Identifier of the line in the source, unique there and never reused.
    pub external_id: Text<200>,
    /// Cost code from finance. The coding rules map it to program, project, cost category and spend type.
    pub cost_code: Option<Text<200>>,
    /// Its posting date.
    pub posted_on: Day,
    /// The fiscal period; derived from the posting date when absent.
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// The amount; negative for a credit.
    pub amount: Money,
    /// The program of the cost, where finance knows it; takes precedence over the coding rules.
    pub program_id: Option<Id<Program>>,
    /// The project of the cost; needs `program_id`.
    pub project_id: Option<Id<Project>>,
    /// The cost category; takes precedence over the coding rules.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure; takes precedence over the coding rules.
    pub spend: Option<Spend>,
    /// Number of the document.
    pub document_reference: Option<Text<200>>,
    /// Reference of the vendor in the finance system.
    pub vendor_reference: Option<Text<200>>,
    /// Description from finance.
    pub description: Option<Text<500>>,
    /// Number of the purchase order that the line invoices. The commitment of that order line is invoiced by the amount, or
    /// credited where it is negative. Without `program_id`, the commitment also determines where the cost is posted.
    pub purchase_order_reference: Option<Text<100>>,
    /// The line of that purchase order.
    pub purchase_order_line: Option<Text<50>>,
    /// Number of the invoice of the vendor, where it differs from `document_reference`.
    pub invoice_reference: Option<Text<200>>,
    /// The amount in the currency of the books, from the ledger system; takes precedence over conversion by rates.
    pub local_amount: Option<Money>,
    /// The amount in the currency of the group, from the ledger system; takes precedence over conversion by rates.
    pub group_amount: Option<Money>,
    /// Further coding from finance beside the cost code.
    pub coding: Option<CostCoding>,
}

impl ActualsLine {
    /// Checks that involve more than one field; faults are below `at`.
    pub fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        for (name, other) in [("local_amount", self.local_amount), ("group_amount", self.group_amount)] {
            let Some(other) = other else { continue };
            let detail = if other.units.signum() * self.amount.units.signum() < 0 {
                "has another sign than the amount"
            } else if other.currency == self.amount.currency && other.units != self.amount.units {
                "is in the currency of the amount, and differs from it"
            } else {
                continue;
            };
            faults.push(Fault::new(format!("{at}/{name}/amount"), "DOES_NOT_FIT", detail));
        }
        if self.purchase_order_line.is_some() && self.purchase_order_reference.is_none() {
            let detail = "requires purchase_order_reference";
            faults.push(Fault::new(format!("{at}/purchase_order_line"), "DOES_NOT_FIT", detail));
        }
        if let Some(coding) = &self.coding {
            coding.check(self.amount, &format!("{at}/coding"), faults);
        }
        if self.program_id.is_none() && self.project_id.is_some() {
            let detail = "requires program_id; without it the coding rules set the project";
            faults.push(Fault::new(format!("{at}/project_id"), "DOES_NOT_FIT", detail));
        }
    }

    /// The order line that it invoices: reference and line. The line is empty where the order has none.
    pub fn order(&self) -> Option<(String, String)> {
        let line = self.purchase_order_line.as_ref().map(Text::to_string).unwrap_or_default();
        Some((self.purchase_order_reference.as_ref()?.to_string(), line))
    }

    /// The number of the invoice, or else of the document.
    pub fn invoice(&self) -> Option<&Text<200>> {
        self.invoice_reference.as_ref().or(self.document_reference.as_ref())
    }

    /// Digest of everything but the identifier. Two lines of the same content have the same digest.
    pub fn content_digest(&self) -> Text<64> {
        let mut digest = Sha256::new();
        let mut part = |text: Option<&str>| {
            let text = text.unwrap_or("\u{0}");
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        part(self.cost_code.as_ref().map(Text::as_str));
        part(Some(&self.posted_on.to_string()));
        part(self.fiscal_period_id.map(|id| id.to_string()).as_deref());
        part(Some(&self.amount.units.to_string()));
        part(Some(self.amount.currency.code()));
        part(self.program_id.map(|id| id.to_string()).as_deref());
        part(self.project_id.map(|id| id.to_string()).as_deref());
        part(self.cost_category_id.map(|id| id.to_string()).as_deref());
        part(self.spend.map(Words::word));
        part(self.document_reference.as_ref().map(Text::as_str));
        part(self.vendor_reference.as_ref().map(Text::as_str));
        part(self.description.as_ref().map(Text::as_str));
        // Fields that were added later are digested only where they are given, so that earlier lines keep their digests.
        for (name, money) in [("local_amount", self.local_amount), ("group_amount", self.group_amount)] {
            if let Some(Money { units, currency }) = money {
                for text in [name, &units.to_string(), currency.code()] {
                    part(Some(text));
                }
            }
        }
        let later = [
            ("purchase_order_reference", self.purchase_order_reference.as_ref().map(Text::as_str)),
            ("purchase_order_line", self.purchase_order_line.as_ref().map(Text::as_str)),
            ("invoice_reference", self.invoice_reference.as_ref().map(Text::as_str)),
        ];
        for (name, text) in later.into_iter().filter(|(_, text)| text.is_some()) {
            part(Some(name));
            part(text);
        }
        for (name, said) in self.coding.iter().flat_map(CostCoding::said) {
            part(Some(name));
            part(Some(&said));
        }
        Text::ours(crate::hex::hex(&digest.finalize()[..16]))
    }
}

/// Sums of lines per currency: all, those above zero, and those below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<&'static str, Sum>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    debits: i128,
    credits: i128,
}

impl Sums {
    pub fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency.code()).or_default();
        match money.units {
            units if units < 0 => sum.credits -= i128::from(units),
            units => sum.debits += i128::from(units),
        }
    }

    /// The net sums for an answer; `None` where a sum exceeds the range of an amount.
    pub fn totals(&self) -> Option<Vec<CurrencyTotal>> {
        let total = |(code, sum): (&&'static str, &Sum)| {
            let amount = i64::try_from(sum.debits - sum.credits).ok()?;
            Some(CurrencyTotal { amount: Amount::new(amount), currency: Currency::parse(code)? })
        };
        self.0.iter().map(total).collect()
    }
}

/// Sums of lines in the currencies of the transactions, of the books and of the group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSums {
    pub amounts: Sums,
    pub local: Sums,
    pub group: Sums,
}

impl LineSums {
    pub fn add(&mut self, line: &ActualsLine) {
        self.amounts.add(line.amount);
        for (sums, money) in [(&mut self.local, line.local_amount), (&mut self.group, line.group_amount)] {
            if let Some(money) = money {
                sums.add(money);
            }
        }
    }
}

/// Every difference between the lines and their control totals.
pub fn check_control(control: &ActualsControl, count: usize, sums: &LineSums) -> Vec<Fault> {
    let mut faults: Vec<Fault> = check_count(control.count, count).into_iter().collect();
    faults.extend(check_totals("/control/totals", &control.totals, &sums.amounts));
    let others =
        [("local_totals", &control.local_totals, &sums.local), ("group_totals", &control.group_totals, &sums.group)];
    for (name, totals, sums) in others {
        if !totals.is_empty() {
            faults.extend(check_totals(&format!("/control/{name}"), totals, sums));
        }
    }
    faults
}

/// Whether the number of lines matches the control count.
pub fn check_count(said: LineCount, count: usize) -> Option<Fault> {
    let differs = usize::try_from(said.get()) != Ok(count);
    let detail = || format!("is {}, but the batch has {count} lines", said.get());
    differs.then(|| Fault::new("/control/count", "CONTROL_TOTAL", detail()))
}

/// Every difference between sums and the control totals at this place.
pub fn check_totals(at: &str, totals: &[ControlTotal], sums: &Sums) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differ = |pointer: String, said: &str, found: &str| {
        faults.push(Fault::new(pointer, "CONTROL_TOTAL", format!("is {said}, but the sum of the lines is {found}")));
    };
    for (i, total) in totals.iter().enumerate() {
        let sum = sums.0.get(total.currency.code()).copied().unwrap_or_default();
        let parts = [
            ("amount", Some(total.amount), sum.debits - sum.credits),
            ("debits", total.debits, sum.debits),
            ("credits", total.credits, sum.credits),
        ];
        for (name, said, found) in parts {
            let Some(said) = said.filter(|said| i128::from(said.units()) != found) else { continue };
            let found = i64::try_from(found)
                .map_or_else(|_| "more than an amount holds".to_owned(), |f| Amount::new(f).to_string());
            differ(format!("{at}/{i}/{name}"), &said.to_string(), &found);
        }
        if totals[..i].iter().any(|earlier| earlier.currency == total.currency) {
            differ(format!("{at}/{i}/currency"), "this currency twice", "one total a currency");
        }
    }
    for code in sums.0.keys().filter(|code| totals.iter().all(|total| total.currency.code() != **code)) {
        let detail = format!("is missing: the batch has lines in {code}");
        faults.push(Fault::new(at, "CONTROL_TOTAL", detail));
    }
    faults
}

/// Lines by outcome.
#[derive(Debug)]
pub struct Tally<S>(Vec<(S, i32, Sums)>);

impl<S> Default for Tally<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: Words> Tally<S> {
    pub fn add(&mut self, status: S, money: impl Into<Option<Money>>) {
        let place = self.0.iter().position(|(known, ..)| *known == status).unwrap_or_else(|| {
            self.0.push((status, 0, Sums::default()));
            self.0.len() - 1
        });
        let (_, count, sums) = &mut self.0[place];
        *count += 1;
        if let Some(money) = money.into() {
            sums.add(money);
        }
    }

    /// Each outcome with its number of lines and their sums; `None` where a sum exceeds the range of an amount.
    pub fn ends(&self) -> Option<Vec<(S, i32, Vec<CurrencyTotal>)>> {
        let of = |status: &S| self.0.iter().find(|(known, ..)| known == status);
        let end = |(status, count, sums): &(S, i32, Sums)| Some((*status, *count, sums.totals()?));
        S::ALL.iter().filter_map(of).map(end).collect()
    }
}

impl Tally<ActualsStatus> {
    /// In the form that a batch returns; `None` where a sum exceeds the range of an amount.
    pub fn outcomes(&self) -> Option<Vec<ActualsOutcome>> {
        let outcome = |(status, count, totals)| ActualsOutcome { status, count, totals };
        Some(self.ends()?.into_iter().map(outcome).collect())
    }
}

/// Lines by outcome, in the form that a batch returns; `None` where a sum exceeds the range of an amount.
pub fn tally(ends: impl Iterator<Item = (ActualsStatus, Money)>) -> Option<Vec<ActualsOutcome>> {
    let mut tally = Tally::default();
    for (status, money) in ends {
        tally.add(status, money);
    }
    tally.outcomes()
}

/// A line as received in a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RawLine {
    /// Place in a file: the counted unit, and its number from 1.
    pub at: Option<(&'static str, usize)>,
    /// The JSON object of the line; or its faults, each at its place below the line.
    pub read: Result<serde_json::Value, Vec<Fault>>,
}

impl RawLine {
    /// The line, with its faults at `/lines/` and its number from 0.
    pub fn line(self, number: usize, faults: &mut Vec<Fault>) -> Option<ActualsLine> {
        let (before, at) = (faults.len(), format!("/lines/{number}"));
        let line = match self.read {
            Ok(value) => read_line(&value, &at, faults),
            Err(found) => {
                faults.extend(
                    found.into_iter().map(|fault| Fault { pointer: format!("{at}{}", fault.pointer), ..fault }),
                );
                None
            }
        };
        if let Some((what, number)) = self.at {
            for fault in &mut faults[before..] {
                fault.detail = format!("{what} {number}: {}", fault.detail);
            }
        }
        line
    }
}

/// The line in this object, with its faults at `at`.
pub fn read_line(value: &serde_json::Value, at: &str, faults: &mut Vec<Fault>) -> Option<ActualsLine> {
    let before = faults.len();
    let mut spot = crate::field::Spot { pointer: at.to_owned(), faults };
    let line = ActualsLine::read(value, &mut spot)?;
    line.check(at, faults);
    (faults.len() == before).then_some(line)
}

/// The maximum number of lines, for every way to send them.
pub type LineCount = Whole<0, 1_000_000>;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(id: &str, amount: &str, currency: &str) -> ActualsLine {
        let value =
            json!({"external_id": id, "posted_on": "2008-04-01", "amount": {"amount": amount, "currency": currency}});
        let mut faults = Vec::new();
        read_line(&value, "", &mut faults).unwrap_or_else(|| panic!("{faults:?}"))
    }

    fn control(count: i32, totals: &serde_json::Value) -> ActualsControl {
        let value = json!({"count": count, "totals": totals});
        crate::input::read_input(value.as_object().unwrap()).unwrap()
    }

    #[test]
    fn errors_do_not_offset() {
        let mut sums = LineSums::default();
        for (id, amount) in [("a", "10.00"), ("b", "-4.00")] {
            sums.add(&line(id, amount, "GBP"));
        }
        let net = json!([{"amount": "6", "currency": "GBP"}]);
        assert!(check_control(&control(2, &net), 2, &sums).is_empty());
        let split = json!([{"amount": "6", "currency": "GBP", "debits": "9", "credits": "3"}]);
        let faults = check_control(&control(2, &split), 2, &sums);
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/control/totals/0/debits", "/control/totals/0/credits"]);
        let faults = check_control(&control(3, &json!([])), 2, &sums);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn content_is_all_but_the_identifier() {
        let digest = |id, amount, currency| line(id, amount, currency).content_digest();
        assert_eq!(digest("a", "10.00", "GBP"), digest("b", "10.0000", "GBP"));
        assert_ne!(digest("a", "10.00", "GBP"), digest("a", "10.01", "GBP"));
        assert_ne!(digest("a", "10.00", "GBP"), digest("a", "10.00", "EUR"));
    }

    #[test]
    fn ends_sum_to_the_whole() {
        let gbp = |units| Money::new(units, Currency::parse("GBP").unwrap());
        let ends =
            [(ActualsStatus::Posted, gbp(5)), (ActualsStatus::Rejected, gbp(-2)), (ActualsStatus::Posted, gbp(7))];
        let found = tally(ends.into_iter()).unwrap();
        let told: Vec<_> = found.iter().map(|o| (o.status, o.count, o.totals[0].amount.units())).collect();
        assert_eq!(told, [(ActualsStatus::Posted, 2, 12), (ActualsStatus::Rejected, 1, -2)]);
        assert!(tally([(ActualsStatus::Posted, gbp(i64::MAX)), (ActualsStatus::Posted, gbp(1))].into_iter()).is_none());
    }
}
