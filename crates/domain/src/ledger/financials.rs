//! Financials: approved, spent and available amounts, rolled up from the balances of the ledger.

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
use crate::time::{Day, Instant};
use crate::translation::{Translated, UnconvertedTotal};

/// Dimension by which financials are grouped.
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
    /// By vendor: the partner of the engagement under which the cost was accepted or ordered; else the partner that the
    /// source maps to the vendor reference; else the reference itself. Budgets and forecasts have no vendor.
    Vendor,
}

/// Query for financials.
#[derive(Clone, Debug, Default)]
pub struct FinancialsQuery {
    pub group_by: Option<FinancialsGrouping>,
    pub fiscal_year: Option<i64>,
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    pub as_of: Option<Instant>,
    /// The currency to convert to; the currency of the portfolio when only a rate type is given.
    pub currency: Option<Currency>,
    /// The type of rate used to convert; the rates of the posting days when only a currency is given.
    pub rate_type: Option<ExchangeRateType>,
    /// The set of budget rates; the set of each budget in force when absent.
    pub rate_set: Option<Code>,
    /// Rounding of converted figures; half to even when absent.
    pub rounding: Option<Rounding>,
    /// Greatest age of a rate in days.
    pub age_max: Option<i32>,
    pub counts: Counts,
    pub explain: bool,
    /// The figure to explain, given where an explanation is requested.
    pub explained: Explain,
}

impl FinancialsQuery {
    /// The type of rate used to convert, where conversion is requested.
    pub fn converts(&self) -> Option<ExchangeRateType> {
        self.rate_type.or_else(|| self.currency.map(|_| ExchangeRateType::Spot))
    }

    /// Checks that involve more than one parameter.
    pub fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.rate_set.is_some() && self.rate_type != Some(ExchangeRateType::Budget) {
            faults.push(Fault::new("?rate_set", "DOES_NOT_FIT", "requires rate_type=budget"));
        }
        if self.rounding.is_some() && self.converts().is_none() {
            faults.push(Fault::new("?rounding", "DOES_NOT_FIT", "requires currency or rate_type"));
        }
        if self.age_max.is_some() && self.converts().is_none() {
            faults.push(Fault::new("?max_rate_age_days", "DOES_NOT_FIT", "requires currency or rate_type"));
        }
        let Explain { account, group_key, page_size, page_token } = &self.explained;
        let said = [
            ("account", account.is_some()),
            ("group_key", group_key.is_some()),
            ("page_size", page_size.is_some()),
            ("page_token", page_token.is_some()),
        ];
        for (name, _) in said.into_iter().filter(|(_, said)| *said && !self.explain) {
            faults.push(Fault::new(format!("?{name}"), "DOES_NOT_FIT", "requires explain=true"));
        }
        if self.explain && group_key.is_some() && self.group_by.is_none() {
            faults.push(Fault::new("?group_key", "DOES_NOT_FIT", "requires group_by"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

/// Approved, spent and available amounts of a project, program or portfolio: balances of the ledger, with one total per
/// currency.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct Financials {
    /// The project, program or portfolio.
    pub id: String,
    /// The totals, one per currency.
    pub totals: Vec<FinancialTotal>,
    /// Whether `available` includes the remaining reserves.
    pub reserves_counted: bool,
    /// Whether `available` is reduced by amounts that are requested and not ordered.
    pub requests_counted: bool,
    /// The total in one currency, where conversion is requested. Each figure is converted exactly and rounded once: half to
    /// even at the digits of the currency, unless `rounding` is given. An amount that the ledger system itself has in that
    /// currency is used instead of a rate.
    pub converted: Option<FinancialTotal>,
    /// The type of rate used to convert.
    pub rate_type: Option<ExchangeRateType>,
    /// Day of the oldest rate that was used to convert.
    pub oldest_rate_on: Option<Day>,
    /// The totals by the requested group.
    pub groups: Option<Vec<FinancialGroup>>,
    /// Whether all programs are visible, all sources have delivered and all amounts are converted.
    pub complete: bool,
    /// Amounts without a rate, or whose youngest rate is too old; no converted figure includes them.
    pub unconverted: Vec<UnconvertedTotal>,
    /// Codes of sources that have delivered to these programs and are late by their cadence.
    #[field(plain)]
    pub missing_sources: Vec<Code>,
    /// Number of programs of a portfolio that are not visible to the caller.
    #[field(min = 0)]
    pub hidden_count: i32,
    /// Number of visible programs without a submitted forecast.
    #[field(min = 0)]
    pub programs_without_forecast: i32,
    /// The last posting of the program that has had no posting for the longest time (UTC). Absent with `as_of`, and for a
    /// closed period, which takes no more postings.
    pub oldest_input_at: Option<Instant>,
    /// The entries behind the figures, where an explanation is requested.
    pub explanation: Option<Explanation>,
}

/// The financials of one group.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinancialGroup {
    /// The id or word of the group; absent for amounts without one.
    pub key: Option<String>,
    /// The totals, one per currency.
    pub totals: Vec<FinancialTotal>,
    /// The total in one currency, where conversion is requested.
    pub converted: Option<FinancialTotal>,
}

/// Coverage of the figures: data that comes from outside the balances.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Programs that are not visible.
    pub hidden_count: i64,
    /// Visible programs with a submitted forecast, and without one.
    pub forecast_count: i64,
    pub without_forecast_count: i64,
    pub oldest_input_at: Option<Instant>,
    /// Codes of sources that are late.
    pub missing_sources: Vec<Code>,
}

type ByCurrency = BTreeMap<Currency, Sums<i128>>;

/// One total per currency; with `forecast` where there is one.
fn totals(sums: ByCurrency, told: (Counts, bool)) -> Result<Vec<FinancialTotal>, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "the sum exceeds the range of an amount: narrow the request");
    let amount = |units: i128| i64::try_from(units).map(Amount::new).map_err(too_much);
    sums.into_iter().map(|(currency, sums)| sums.total(currency, told, amount)).collect()
}

impl Financials {
    /// The answer for these balances, and for their converted total.
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
        let oldest_rate_on = translated.as_ref().and_then(|translated| translated.oldest_rate_on);
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
            oldest_rate_on,
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
