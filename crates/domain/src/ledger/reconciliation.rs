//! Reconciliation: statements of finance for a period, compared with the ledger.

use std::collections::BTreeMap;

use steerco_derive::{answer, input, words};

use crate::actuals_control::CurrencyTotal;
use crate::error::{Error, Fault, Reason};
use crate::field::List;
use crate::money::{Amount, Currency, Money};
use crate::text::{Code, Text};

/// Maximum number of lines of a statement in one message.
pub const STATEMENT_LINES_MAX: usize = 10_000;
/// Maximum number of differing rows returned.
pub const DIFFERENCES_MAX: usize = 1_000;

/// Compares the statement of a finance system for a period with the ledger. With lines, differing rows are returned; without
/// lines, only the sums are compared.
#[input]
pub struct ReconcileFiscalPeriod {
    /// Code of the source of the statement.
    pub source: Code,
    /// Totals that the source posted in the period, one per currency; omitted where lines are given.
    pub totals: Vec<CurrencyTotal>,
    /// Lines of the statement.
    pub lines: List<StatementLine, STATEMENT_LINES_MAX>,
}

/// A line of a statement.
#[input(value)]
pub struct StatementLine {
    /// Identifier of the line in the source.
    pub external_id: Text<200>,
    /// Amount in the period.
    pub amount: Money,
}

/// Type of a difference.
#[words]
pub enum DifferenceType {
    /// In the statement, not in the ledger.
    MissingInLedger,
    /// In the ledger, not in the statement.
    MissingInStatement,
    /// In both, with different amounts.
    AmountDiffers,
}

/// What a source has in a period, by its identifiers.
pub type Standing = BTreeMap<(String, &'static str), i128>;

/// Comparison of the statement of a finance system for a period with the ledger.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// The period.
    pub fiscal_period_id: String,
    /// Code of the source.
    pub source: String,
    /// Whether all totals agree and no row differs.
    pub agrees: bool,
    /// One total per currency.
    pub totals: Vec<ReconciledTotal>,
    /// The differing rows, at most 1000.
    #[field(max = DIFFERENCES_MAX)]
    pub differences: Vec<Difference>,
    /// Number of differing rows, including those not returned.
    #[field(min = 0)]
    pub difference_count: i32,
}

/// Three figures that must agree.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciledTotal {
    /// The currency.
    pub currency: Currency,
    /// Total of the statement.
    pub stated: Amount,
    /// Sum of the ledger entries of the source.
    pub entries: Amount,
    /// Balances of cost and suspense, less the entries of other sources.
    pub balance: Amount,
}

/// A differing row.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Type of the difference.
    pub difference_type: DifferenceType,
    /// Identifier of the line in the source.
    pub external_id: String,
    /// The currency.
    pub currency: Currency,
    /// Amount in the statement; absent where the row is not in it.
    pub stated: Option<Amount>,
    /// Amount in the ledger; absent where the row is not in it.
    pub ledger: Option<Amount>,
}

/// What the ledger has of a source in a period.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Sums of the entries of the source, by identifier; asked for only where lines are given.
    pub rows: Standing,
    /// Sums of the entries of the source by currency.
    pub entries: BTreeMap<&'static str, i128>,
    /// Balances of cost and suspense less the entries of other sources, by currency.
    pub balances: BTreeMap<&'static str, i128>,
}

impl ReconcileFiscalPeriod {
    /// Checks that involve more than one field.
    pub fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if !self.totals.is_empty() && !self.lines.0.is_empty() {
            faults.push(Fault::new("/totals", "DOES_NOT_FIT", "must be omitted where lines are given"));
        }
        for (i, total) in self.totals.iter().enumerate() {
            if self.totals[..i].iter().any(|earlier| earlier.currency == total.currency) {
                faults.push(Fault::new(format!("/totals/{i}/currency"), "DUPLICATE", "the currency has another total"));
            }
        }
        let mut seen = std::collections::HashSet::new();
        for (i, line) in self.lines.0.iter().enumerate() {
            if !seen.insert((line.external_id.as_str(), line.amount.currency.code())) {
                let detail = "another line has the same external_id and currency";
                faults.push(Fault::new(format!("/lines/{i}/external_id"), "DUPLICATE", detail));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }

    fn stated(&self) -> (Standing, BTreeMap<&'static str, i128>) {
        let (mut rows, mut sums) = (Standing::new(), BTreeMap::new());
        for total in &self.totals {
            sums.insert(total.currency.code(), i128::from(total.amount.units()));
        }
        for line in &self.lines.0 {
            let (code, units) = (line.amount.currency.code(), i128::from(line.amount.units));
            rows.insert((line.external_id.to_string(), code), units);
            *sums.entry(code).or_default() += units;
        }
        (rows, sums)
    }

    /// The comparison.
    pub fn compare(&self, period: &str, found: &Found) -> Result<Reconciliation, Error> {
        let (rows, stated) = self.stated();
        let currencies: std::collections::BTreeSet<&'static str> =
            stated.keys().chain(found.entries.keys()).chain(found.balances.keys()).copied().collect();
        let at = |sums: &BTreeMap<&'static str, i128>, code| amount(sums.get(code).copied().unwrap_or_default());
        let total = |code: &'static str| {
            let currency = Currency::parse(code).ok_or_else(|| Error::internal("an amount has an unknown currency"))?;
            let [stated, entries, balance] = [&stated, &found.entries, &found.balances].map(|sums| at(sums, code));
            Ok(ReconciledTotal { currency, stated: stated?, entries: entries?, balance: balance? })
        };
        let totals = currencies.into_iter().map(total).collect::<Result<Vec<_>, Error>>()?;
        let mut differences = if rows.is_empty() { Vec::new() } else { differences(&rows, &found.rows)? };
        let agree = totals.iter().all(|total| total.stated == total.entries && total.entries == total.balance);
        let count = differences.len();
        differences.truncate(DIFFERENCES_MAX);
        Ok(Reconciliation {
            fiscal_period_id: period.to_owned(),
            source: self.source.as_str().to_owned(),
            agrees: agree && count == 0,
            totals,
            differences,
            difference_count: i32::try_from(count).unwrap_or(i32::MAX),
        })
    }
}

/// Rows that are in one side only, or differ. A ledger amount that nets to zero counts as missing.
fn differences(stated: &Standing, ledger: &Standing) -> Result<Vec<Difference>, Error> {
    let keys: std::collections::BTreeSet<_> = stated.keys().chain(ledger.keys()).collect();
    let mut differences = Vec::new();
    for key in keys {
        let (said, there) = (stated.get(key), ledger.get(key).filter(|units| **units != 0 || stated.contains_key(key)));
        let difference_type = match (said, there) {
            (Some(said), Some(there)) if said != there => DifferenceType::AmountDiffers,
            (Some(_), None) => DifferenceType::MissingInLedger,
            (None, Some(_)) => DifferenceType::MissingInStatement,
            _ => continue,
        };
        let (external_id, code) = key;
        differences.push(Difference {
            difference_type,
            external_id: external_id.clone(),
            currency: Currency::parse(code).ok_or_else(|| Error::internal("an amount has an unknown currency"))?,
            stated: said.copied().map(amount).transpose()?,
            ledger: there.copied().map(amount).transpose()?,
        });
    }
    Ok(differences)
}

fn amount(units: i128) -> Result<Amount, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "a sum exceeds the range of an amount");
    i64::try_from(units).map(Amount::new).map_err(too_much)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn statement(body: &Value) -> ReconcileFiscalPeriod {
        crate::input::read_input(body.as_object().unwrap()).unwrap()
    }

    fn line(id: &str, amount: &str) -> Value {
        json!({"external_id": id, "amount": {"amount": amount, "currency": "EUR"}})
    }

    #[test]
    fn the_rows_that_differ_are_told() {
        let lines = json!({"source": "sap", "lines": [line("a", "1"), line("b", "2"), line("c", "3"), line("z", "0")]});
        let mut found = Found::default();
        for (id, units) in [("a", 10_000), ("b", 25_000), ("d", 40_000), ("gone", 0)] {
            found.rows.insert((id.to_owned(), "EUR"), units);
        }
        found.entries.insert("EUR", 75_000);
        found.balances.insert("EUR", 75_000);
        let answer = statement(&lines).compare("p", &found).unwrap();
        let told: Vec<_> = answer.differences.iter().map(|d| (d.external_id.as_str(), d.difference_type)).collect();
        let expected = [
            ("b", DifferenceType::AmountDiffers),
            ("c", DifferenceType::MissingInLedger),
            ("d", DifferenceType::MissingInStatement),
            ("z", DifferenceType::MissingInLedger),
        ];
        assert_eq!(told, expected);
        assert_eq!((answer.agrees, answer.totals[0].stated.units()), (false, 60_000));
    }

    #[test]
    fn three_numbers_must_agree() {
        let stated = statement(&json!({"source": "sap", "totals": [{"amount": "7.5", "currency": "EUR"}]}));
        let mut found = Found::default();
        found.entries.insert("EUR", 75_000);
        found.balances.insert("EUR", 75_000);
        assert!(stated.compare("p", &found).unwrap().agrees);
        found.balances.insert("EUR", 75_001);
        assert!(!stated.compare("p", &found).unwrap().agrees);
        found.balances.insert("EUR", 75_000);
        found.entries.insert("USD", 1);
        assert!(!stated.compare("p", &found).unwrap().agrees, "a currency that nobody stated");
    }

    #[test]
    fn a_statement_says_things_once() {
        let both = json!({"source": "sap", "totals": [{"amount": "1", "currency": "EUR"}, {"amount": "2", "currency": "EUR"}],
            "lines": [line("a", "1"), line("a", "1")]});
        let faults = statement(&both).check().unwrap_err().faults;
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/totals", "/totals/1/currency", "/lines/1/external_id"]);
    }
}
