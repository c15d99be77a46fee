//! Financials: what is approved, spent and left, rolled up from the balances of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use steerco_derive::words;

use crate::error::{Error, Reason};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::ledger_entry::LedgerAccount;
use crate::money::{Amount, Currency};
use crate::time::Instant;

/// By what financials are divided.
#[words]
pub enum FinancialsGrouping {
    /// By program.
    Program,
    /// By project.
    Project,
    /// By fiscal period.
    FiscalPeriod,
    /// By cost category.
    CostCategory,
    /// By capital and operating expenditure.
    Spend,
}

/// What of the balances is asked for.
#[derive(Clone, Debug, Default)]
pub struct FinancialsQuery {
    pub group_by: Option<FinancialsGrouping>,
    pub fiscal_year: Option<i64>,
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    pub as_of: Option<Instant>,
}

/// A sum of balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The id or word it is grouped by; empty where there is none.
    pub key: String,
    pub account: LedgerAccount,
    pub currency: Currency,
    pub units: i128,
    pub entries: i64,
}

/// Financials as they are answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Financials {
    /// Project, program or portfolio.
    pub id: String,
    pub totals: Vec<FinancialTotal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<FinancialGroup>,
    /// Whether everything is in sight.
    pub complete: bool,
    pub hidden_count: i32,
    /// Programs in sight of which nobody has submitted a forecast.
    pub programs_without_forecast: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_input_at: Option<Instant>,
}

/// The financials in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FinancialTotal {
    pub currency: Currency,
    pub approved: Amount,
    pub contingency: Amount,
    pub management_reserve: Amount,
    pub committed: Amount,
    pub accrued: Amount,
    pub actual: Amount,
    pub available: Amount,
    /// The estimate at completion; absent where no program in sight has a forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Amount>,
    /// Approved less forecast: the variance at completion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<Amount>,
    pub entry_count: i32,
}

/// The financials of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FinancialGroup {
    /// The id or word of the group; absent for what names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub totals: Vec<FinancialTotal>,
}

/// What is in sight of what is rolled up, beside its balances.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight {
    /// Programs out of sight.
    pub hidden_count: i64,
    /// Programs in sight of which a forecast was submitted, and the others.
    pub forecast_count: i64,
    pub without_forecast_count: i64,
    pub oldest_input_at: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    approved: i128,
    contingency: i128,
    management_reserve: i128,
    committed: i128,
    accrued: i128,
    actual: i128,
    forecast: i128,
    entries: i64,
}

impl Sums {
    fn add(&mut self, balance: &Balance) {
        match balance.account {
            LedgerAccount::Budget => self.approved += balance.units,
            LedgerAccount::Contingency => self.contingency += balance.units,
            LedgerAccount::ManagementReserve => self.management_reserve += balance.units,
            LedgerAccount::Cost => self.actual += balance.units,
            LedgerAccount::Commitment => self.committed += balance.units,
            LedgerAccount::Accrual => self.accrued += balance.units,
            LedgerAccount::Forecast => self.forecast += balance.units,
            LedgerAccount::Suspense
            | LedgerAccount::Clearing
            | LedgerAccount::Funding
            | LedgerAccount::Encumbrance
            | LedgerAccount::Outlook => return,
        }
        self.entries += balance.entries;
    }

    fn total(&self, code: &str, forecast: bool) -> Option<FinancialTotal> {
        let amount = |units: i128| i64::try_from(units).ok().map(Amount::new);
        let told = |units| if forecast { amount(units).map(Some) } else { Some(None) };
        Some(FinancialTotal {
            currency: Currency::parse(code)?,
            approved: amount(self.approved)?,
            contingency: amount(self.contingency)?,
            management_reserve: amount(self.management_reserve)?,
            committed: amount(self.committed)?,
            accrued: amount(self.accrued)?,
            actual: amount(self.actual)?,
            available: amount(self.approved - self.committed - self.accrued - self.actual)?,
            forecast: told(self.forecast)?,
            variance: told(self.approved - self.forecast)?,
            entry_count: i32::try_from(self.entries).unwrap_or(i32::MAX),
        })
    }
}

type ByCurrency = BTreeMap<&'static str, Sums>;

/// One total a currency; `forecast` where there is one to tell.
fn totals(sums: &ByCurrency, forecast: bool) -> Result<Vec<FinancialTotal>, Error> {
    let too_much = || Error::new(Reason::Invalid, "the sum is beyond what an amount holds: ask for less at once");
    sums.iter().map(|(code, sums)| sums.total(code, forecast).ok_or_else(too_much)).collect()
}

impl Financials {
    /// The answer of these balances.
    pub fn new(
        id: &str,
        balances: &[Balance],
        group_by: Option<FinancialsGrouping>,
        sight: Sight,
    ) -> Result<Self, Error> {
        let mut all = ByCurrency::new();
        let mut groups: BTreeMap<&str, ByCurrency> = BTreeMap::new();
        let mut forecast: BTreeSet<&str> = BTreeSet::new();
        for balance in balances {
            let code = balance.currency.code();
            all.entry(code).or_default().add(balance);
            if group_by.is_some() {
                groups.entry(&balance.key).or_default().entry(code).or_default().add(balance);
            }
            if balance.account == LedgerAccount::Forecast {
                forecast.insert(&balance.key);
            }
        }
        let any = sight.forecast_count > 0;
        let told = |key: &str| any && (group_by != Some(FinancialsGrouping::Program) || forecast.contains(key));
        let group = |(key, sums): (&str, ByCurrency)| {
            let totals = totals(&sums, told(key))?;
            Ok(FinancialGroup { key: (!key.is_empty()).then(|| key.to_owned()), totals })
        };
        let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Self {
            id: id.to_owned(),
            totals: totals(&all, any)?,
            groups: groups.into_iter().map(group).collect::<Result<_, Error>>()?,
            complete: sight.hidden_count == 0,
            hidden_count: count(sight.hidden_count),
            programs_without_forecast: count(sight.without_forecast_count),
            oldest_input_at: sight.oldest_input_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(key: &str, account: LedgerAccount, code: &str, units: i128) -> Balance {
        let currency = Currency::parse(code).unwrap();
        Balance { key: key.to_owned(), account, currency, units, entries: 1 }
    }

    #[test]
    fn what_is_left_is_approved_less_what_is_bound_and_spent() {
        use LedgerAccount::{Accrual, Budget, Clearing, Commitment, Contingency, Cost, Encumbrance};
        let balances = [
            balance("a", Budget, "EUR", 1_000_000),
            balance("a", Cost, "EUR", 400_000),
            balance("", Cost, "EUR", 100_000),
            balance("a", Contingency, "EUR", 50_000),
            balance("a", Cost, "USD", 7),
            balance("a", Clearing, "EUR", -500_000),
            balance("a", Commitment, "EUR", 30_000),
            balance("a", Accrual, "EUR", 20_000),
            balance("", Encumbrance, "EUR", -50_000),
        ];
        let by_project = Some(FinancialsGrouping::Project);
        let answer = Financials::new("x", &balances, by_project, Sight::default()).unwrap();
        let told: Vec<_> = answer
            .totals
            .iter()
            .map(|t| (t.currency.code(), t.approved.units(), t.actual.units(), t.available.units(), t.entry_count))
            .collect();
        assert_eq!(told, [("EUR", 1_000_000, 500_000, 450_000, 6), ("USD", 0, 7, -7, 1)]);
        assert_eq!(answer.totals[0].contingency.units(), 50_000, "a reserve is not available");
        assert_eq!((answer.totals[0].committed.units(), answer.totals[0].accrued.units()), (30_000, 20_000));
        let keys: Vec<_> = answer.groups.iter().map(|group| group.key.as_deref()).collect();
        assert_eq!(keys, [None, Some("a")]);
        assert!(answer.complete && answer.totals[0].forecast.is_none(), "nobody has submitted one");
        let hidden = Sight { hidden_count: 1, ..Sight::default() };
        assert!(!Financials::new("x", &balances, None, hidden).unwrap().complete);
    }

    #[test]
    fn the_variance_at_completion_is_told_of_programs_with_a_forecast() {
        let balances = [
            balance("a", LedgerAccount::Budget, "EUR", 1_000_000),
            balance("a", LedgerAccount::Forecast, "EUR", 1_250_000),
            balance("b", LedgerAccount::Budget, "EUR", 50_000),
        ];
        let sight = Sight { forecast_count: 1, without_forecast_count: 1, ..Sight::default() };
        let told = |group_by| {
            let answer = Financials::new("x", &balances, Some(group_by), sight).unwrap();
            let groups = answer.groups.into_iter().flat_map(|group| group.totals);
            groups.chain(answer.totals).map(|total| total.variance.map(Amount::units)).collect::<Vec<_>>()
        };
        assert_eq!(told(FinancialsGrouping::Program), [Some(-250_000), None, Some(-200_000)]);
        assert_eq!(told(FinancialsGrouping::Spend), [Some(-250_000), Some(50_000), Some(-200_000)]);
    }

    #[test]
    fn sums_beyond_an_amount_are_refused() {
        let much = i128::from(i64::MAX);
        let balances = [balance("a", LedgerAccount::Cost, "EUR", much), balance("b", LedgerAccount::Cost, "EUR", 1)];
        assert!(Financials::new("x", &balances[..1], None, Sight::default()).is_ok());
        assert!(Financials::new("x", &balances, None, Sight::default()).is_err());
    }
}
