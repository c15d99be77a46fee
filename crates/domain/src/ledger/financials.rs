//! Financials: what is approved, spent and left, rolled up from the balances of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use steerco_derive::{answer, words};

use crate::error::{Error, Fault, Reason};
use crate::exchange_rate::{ExchangeRateType, Rounding};
use crate::explanation::{Explain, Explanation};
use crate::financial_sums::Sums;
pub use crate::financial_sums::{Balance, Counts, FinancialTotal};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::ledger_account::LedgerAccount;
use crate::money::{Amount, Currency};
use crate::text::Code;
use crate::time::Instant;
use crate::translation::{Translated, UnconvertedTotal};

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
    /// By vendor: the partner of the engagement that it was accepted or ordered under, else the partner that the source
    /// knows by this reference, else the reference itself. Budgets and forecasts name none.
    Vendor,
}

/// What of the balances is asked for.
#[derive(Clone, Debug, Default)]
pub struct FinancialsQuery {
    pub group_by: Option<FinancialsGrouping>,
    pub fiscal_year: Option<i64>,
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    pub as_of: Option<Instant>,
    /// The currency to convert to; that of the portfolio when only a type of rate is asked for.
    pub currency: Option<Currency>,
    /// By which rates to convert; by those of the days of posting when only a currency is asked for.
    pub rate_type: Option<ExchangeRateType>,
    /// The set of budget rates; that of each budget in force when absent.
    pub rate_set: Option<Code>,
    /// How converted figures are rounded; half to even when absent.
    pub rounding: Option<Rounding>,
    pub counts: Counts,
    pub explain: bool,
    /// What to explain, said where an explanation is asked for.
    pub explained: Explain,
}

impl FinancialsQuery {
    /// By which rates to convert, where that is asked.
    pub fn converts(&self) -> Option<ExchangeRateType> {
        self.rate_type.or_else(|| self.currency.map(|_| ExchangeRateType::Spot))
    }

    /// What no single parameter can hold.
    pub fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.rate_set.is_some() && self.rate_type != Some(ExchangeRateType::Budget) {
            faults.push(Fault::new("?rate_set", "DOES_NOT_FIT", "is said of budget rates only"));
        }
        if self.rounding.is_some() && self.converts().is_none() {
            faults.push(Fault::new("?rounding", "DOES_NOT_FIT", "is said with currency or rate_type only"));
        }
        let Explain { account, group_key, page_size, page_token } = &self.explained;
        let said = [
            ("account", account.is_some()),
            ("group_key", group_key.is_some()),
            ("page_size", page_size.is_some()),
            ("page_token", page_token.is_some()),
        ];
        for (name, _) in said.into_iter().filter(|(_, said)| *said && !self.explain) {
            faults.push(Fault::new(format!("?{name}"), "DOES_NOT_FIT", "is said with explain=true only"));
        }
        if self.explain && group_key.is_some() && self.group_by.is_none() {
            faults.push(Fault::new("?group_key", "DOES_NOT_FIT", "is said with group_by only"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

/// What is approved, spent and left of a project, program or portfolio: the balances of the ledger, one total a currency.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct Financials {
    /// The project, program or portfolio.
    pub id: String,
    /// All of it, one a currency.
    pub totals: Vec<FinancialTotal>,
    /// Whether what is left of the reserves is in `available`.
    pub reserves_counted: bool,
    /// Whether what is requested and not ordered is taken off `available`.
    pub requests_counted: bool,
    /// All of it in one currency, where that is asked: each figure is converted exactly and rounded once, half to even at the
    /// digits of the currency unless `rounding` says otherwise. What the ledger system itself says in that currency goes
    /// before any rate.
    pub converted: Option<FinancialTotal>,
    /// By which rates it was converted.
    pub rate_type: Option<ExchangeRateType>,
    /// The same by what was asked for.
    pub groups: Option<Vec<FinancialGroup>>,
    /// Whether everything is in sight, was delivered and has a rate.
    pub complete: bool,
    /// What has no rate, and is in none of the converted figures.
    pub unconverted: Vec<UnconvertedTotal>,
    /// Codes of sources that have delivered to these programs and are late by their cadence.
    #[field(plain)]
    pub missing_sources: Vec<Code>,
    /// Programs of a portfolio that are out of the caller's sight.
    #[field(min = 0)]
    pub hidden_count: i32,
    /// Programs in sight of which nobody has submitted a forecast.
    #[field(min = 0)]
    pub programs_without_forecast: i32,
    /// When the program to which nothing was posted the longest had its last posting (UTC); absent with `as_of` and of a
    /// closed period, to which nothing more is posted.
    pub oldest_input_at: Option<Instant>,
    /// The entries behind the figures, where that is asked.
    pub explanation: Option<Explanation>,
}

/// The financials of one group.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinancialGroup {
    /// The id or word of the group; absent for what names none.
    pub key: Option<String>,
    /// One a currency.
    pub totals: Vec<FinancialTotal>,
    /// All of it in one currency, where that is asked.
    pub converted: Option<FinancialTotal>,
}

/// What the figures cover, beside the balances.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Programs out of sight.
    pub hidden_count: i64,
    /// Programs in sight of which a forecast was submitted, and the others.
    pub forecast_count: i64,
    pub without_forecast_count: i64,
    pub oldest_input_at: Option<Instant>,
    /// Codes of sources that are late.
    pub missing_sources: Vec<Code>,
}

type ByCurrency = BTreeMap<Currency, Sums<i128>>;

/// One total a currency; `forecast` where there is one to tell.
fn totals(sums: ByCurrency, told: (Counts, bool)) -> Result<Vec<FinancialTotal>, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "the sum is beyond what an amount holds: ask for less at once");
    let amount = |units: i128| i64::try_from(units).map(Amount::new).map_err(too_much);
    sums.into_iter().map(|(currency, sums)| sums.total(currency, told, amount)).collect()
}

impl Financials {
    /// The answer of these balances, and of what they come to in one currency.
    pub fn new(
        id: &str,
        balances: &[Balance],
        query: &FinancialsQuery,
        sight: Coverage,
        mut translated: Option<Translated>,
    ) -> Result<Self, Error> {
        let FinancialsQuery { group_by, counts, .. } = *query;
        let mut all = ByCurrency::new();
        let mut groups: BTreeMap<&str, ByCurrency> = BTreeMap::new();
        let mut forecast: BTreeSet<&str> = BTreeSet::new();
        for balance in balances {
            let (place, units, entries) = ((balance.account, balance.requested), balance.units, balance.entries);
            all.entry(balance.currency).or_default().add(place, units, entries);
            if group_by.is_some() {
                let of_group = groups.entry(&balance.key).or_default().entry(balance.currency).or_default();
                of_group.add(place, units, entries);
            }
            if balance.account == LedgerAccount::Forecast {
                forecast.insert(&balance.key);
            }
        }
        let any = sight.forecast_count > 0;
        let told = |key: &str| any && (group_by != Some(FinancialsGrouping::Program) || forecast.contains(key));
        let rate_type = translated.as_ref().map(|translated| translated.rate_type);
        let converted = translated.as_mut().map(|translated| translated.take_all((counts, any))).transpose()?;
        let mut group = |(key, sums): (&str, ByCurrency)| {
            let told = (counts, told(key));
            let totals = totals(sums, told)?;
            let converted = translated.as_mut().map(|all| all.take_group(key, told)).transpose()?;
            Ok(FinancialGroup { key: (!key.is_empty()).then(|| key.to_owned()), totals, converted })
        };
        let groups: Vec<_> = groups.into_iter().map(&mut group).collect::<Result<_, Error>>()?;
        let unconverted = translated.map(Translated::unconverted).transpose()?.unwrap_or_default();
        let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Self {
            id: id.to_owned(),
            totals: totals(all, (counts, any))?,
            reserves_counted: counts.reserves,
            requests_counted: counts.requests,
            converted,
            rate_type,
            groups: Some(groups).filter(|groups| !groups.is_empty()),
            complete: sight.hidden_count == 0 && unconverted.is_empty() && sight.missing_sources.is_empty(),
            unconverted,
            missing_sources: sight.missing_sources,
            hidden_count: count(sight.hidden_count),
            programs_without_forecast: count(sight.without_forecast_count),
            oldest_input_at: sight.oldest_input_at,
            explanation: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(key: &str, account: LedgerAccount, code: &str, units: i128) -> Balance {
        let currency = Currency::parse(code).unwrap();
        Balance { key: key.to_owned(), account, currency, units, entries: 1, requested: false }
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
        let by_project = FinancialsQuery { group_by: Some(FinancialsGrouping::Project), ..FinancialsQuery::default() };
        let answer = Financials::new("x", &balances, &by_project, Coverage::default(), None).unwrap();
        let told: Vec<_> = answer
            .totals
            .iter()
            .map(|t| (t.currency.code(), t.approved.units(), t.actual.units(), t.available.units(), t.entry_count))
            .collect();
        assert_eq!(told, [("EUR", 1_000_000, 500_000, 450_000, 6), ("USD", 0, 7, -7, 1)]);
        assert_eq!(answer.totals[0].contingency.units(), 50_000, "a reserve is not available");
        assert_eq!((answer.totals[0].committed.units(), answer.totals[0].accrued.units()), (30_000, 20_000));
        let keys: Vec<_> = answer.groups.iter().flatten().map(|group| group.key.as_deref()).collect();
        assert_eq!(keys, [None, Some("a")]);
        assert!(answer.complete && answer.totals[0].forecast.is_none(), "nobody has submitted one");
        let hidden = Coverage { hidden_count: 1, ..Coverage::default() };
        assert!(!Financials::new("x", &balances, &FinancialsQuery::default(), hidden, None).unwrap().complete);
    }

    #[test]
    fn reserves_and_requests_count_where_that_is_asked() {
        let asked = Balance { requested: true, ..balance("a", LedgerAccount::Commitment, "EUR", 30_000) };
        let balances = [
            balance("a", LedgerAccount::Budget, "EUR", 1_000_000),
            balance("a", LedgerAccount::Contingency, "EUR", 50_000),
            balance("a", LedgerAccount::ManagementReserve, "EUR", 7_000),
            balance("a", LedgerAccount::Commitment, "EUR", 100_000),
            asked,
        ];
        for (reserves, requests, available) in
            [(false, false, 900_000), (true, false, 957_000), (false, true, 870_000), (true, true, 927_000)]
        {
            let query = FinancialsQuery { counts: Counts { reserves, requests }, ..FinancialsQuery::default() };
            let answer = Financials::new("x", &balances, &query, Coverage::default(), None).unwrap();
            let total = &answer.totals[0];
            assert_eq!((total.available.units(), total.committed.units()), (available, 100_000));
            assert_eq!(total.requested.map(Amount::units), requests.then_some(30_000));
            assert_eq!((answer.reserves_counted, answer.requests_counted), (reserves, requests));
        }
    }

    #[test]
    fn the_variance_at_completion_is_told_of_programs_with_a_forecast() {
        let balances = [
            balance("a", LedgerAccount::Budget, "EUR", 1_000_000),
            balance("a", LedgerAccount::Forecast, "EUR", 1_250_000),
            balance("b", LedgerAccount::Budget, "EUR", 50_000),
        ];
        let sight = Coverage { forecast_count: 1, without_forecast_count: 1, ..Coverage::default() };
        let told = |group_by| {
            let query = FinancialsQuery { group_by: Some(group_by), ..FinancialsQuery::default() };
            let answer = Financials::new("x", &balances, &query, sight.clone(), None).unwrap();
            let groups = answer.groups.into_iter().flatten().flat_map(|group| group.totals);
            groups.chain(answer.totals).map(|total| total.variance.map(Amount::units)).collect::<Vec<_>>()
        };
        assert_eq!(told(FinancialsGrouping::Program), [Some(-250_000), None, Some(-200_000)]);
        assert_eq!(told(FinancialsGrouping::Spend), [Some(-250_000), Some(50_000), Some(-200_000)]);
    }

    #[test]
    fn sums_beyond_an_amount_are_refused() {
        let much = i128::from(i64::MAX);
        let balances = [balance("a", LedgerAccount::Cost, "EUR", much), balance("b", LedgerAccount::Cost, "EUR", 1)];
        let query = FinancialsQuery::default();
        assert!(Financials::new("x", &balances[..1], &query, Coverage::default(), None).is_ok());
        assert!(Financials::new("x", &balances, &query, Coverage::default(), None).is_err());
    }
}
