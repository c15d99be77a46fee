//! Translation: balances in many currencies told in one. Each is converted by a rate of its own period, or of the days on
//! which it was posted; what the ledger system itself says in the wanted currency goes before any rate. The rates of a
//! closed period are those that were known when it was closed, so that no later one moves it. Everything is exact until
//! it is told, and rounded once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_bigint::BigInt;
use num_rational::BigRational;
use steerco_derive::answer;

use crate::error::{Error, Reason};
use crate::exchange::{Found, Lack, Rates, Wanted, rounded};
use crate::exchange_rate::{ExchangeRateType, Rounding};
use crate::financial_sums::{Balance, Counts, FinancialTotal, Sums};
use crate::ledger_account::LedgerAccount;
use crate::money::{Amount, Currency, UNIT};
use crate::time::Day;

/// A sum of entries in a currency other than the wanted one, all of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The id or word it is grouped by; empty where there is none.
    pub key: String,
    pub account: LedgerAccount,
    pub currency: Currency,
    pub fiscal_period_id: String,
    /// The program, where the rates are those of its budget.
    pub program_id: String,
    /// The day of posting, where the rates are those of the days.
    pub posted_on: Option<Day>,
    pub units: i128,
    /// What the ledger system itself says it comes to in the wanted currency.
    pub stated: Option<i128>,
    pub entries: i64,
    /// Whether it is requested only.
    pub requested: bool,
}

/// What a period says of the rates by which it is converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodRates {
    pub legal_entity_id: String,
    pub fiscal_year: i64,
    pub starts_on: Day,
    pub ends_on: Day,
    /// The change of the log by whose knowledge it is converted: the one that closed it, or the last one.
    pub seq: i64,
    /// The day on which it was closed.
    pub closed_on: Option<Day>,
}

/// Which set of rates a budget names, while it was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRates {
    pub program_id: String,
    pub legal_entity_id: String,
    pub fiscal_year: i64,
    pub rate_set: String,
    pub since: i64,
    pub until: i64,
}

/// How to translate.
pub struct Translation<'a> {
    pub to: Currency,
    pub rate_type: ExchangeRateType,
    /// The set of budget rates; that of each budget when absent.
    pub rate_set: Option<&'a str>,
    pub rounding: Rounding,
    /// Greatest age of a rate in days, where the request gives one.
    pub age_max: Option<i32>,
    /// The day by whose knowledge open periods are converted.
    pub known_on: Day,
    pub periods: &'a HashMap<String, PeriodRates>,
    pub budgets: &'a [BudgetRates],
    pub rates: &'a Rates,
}

/// What is not converted.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnconvertedTotal {
    /// The account it stands in.
    pub account: LedgerAccount,
    /// Its currency.
    pub currency: Currency,
    /// How much it is.
    pub amount: Amount,
    /// The fiscal periods for which a rate is missing or too old.
    pub fiscal_period_ids: Vec<String>,
    /// Why: `NO_RATE`, or `STALE_RATE` where the youngest rate is older than `max_rate_age_days`.
    pub code: String,
    /// The day of that rate; the earliest of several.
    pub rate_on: Option<Day>,
}

/// What is not converted for one reason.
#[derive(Default)]
struct Unconverted {
    units: i128,
    periods: BTreeSet<String>,
    rate_on: Option<Day>,
}

/// Balances in one currency, as exact as they came.
pub struct Translated {
    pub rate_type: ExchangeRateType,
    /// Day of the oldest rate that was used.
    pub oldest_rate_on: Option<Day>,
    to: Currency,
    rounding: Rounding,
    all: Sums<BigRational>,
    groups: BTreeMap<String, Sums<BigRational>>,
    missing: BTreeMap<(LedgerAccount, Currency, &'static str), Unconverted>,
}

type RateKey<'a> = (Currency, &'a str, Option<Day>, &'a str);

impl Translation<'_> {
    /// The balances that are in the wanted currency already, and the positions in others, in one.
    pub fn translate(&self, balances: &[Balance], positions: &[Position]) -> Result<Translated, Error> {
        let mut translated = Translated {
            rate_type: self.rate_type,
            oldest_rate_on: None,
            to: self.to,
            rounding: self.rounding,
            all: Sums::default(),
            groups: BTreeMap::new(),
            missing: BTreeMap::new(),
        };
        for balance in balances {
            // A group that has nothing to tell in the wanted currency is told, too.
            translated.groups.entry(balance.key.clone()).or_default();
            if balance.currency == self.to {
                let place = (balance.account, balance.requested);
                translated.add(&balance.key, place, exact(balance.units), balance.entries);
            }
        }
        let mut known: HashMap<RateKey<'_>, Result<Found, Lack>> = HashMap::new();
        for position in positions {
            let Position { key, account, currency, fiscal_period_id, units, entries, .. } = position;
            let place = (*account, position.requested);
            if let Some(stated) = position.stated {
                translated.add(key, place, exact(stated), *entries);
                continue;
            }
            let period = self
                .periods
                .get(fiscal_period_id)
                .ok_or_else(|| Error::internal("an entry names an unknown fiscal period"))?;
            let set = self.set_of(position, period);
            let rate = known
                .entry((*currency, fiscal_period_id, position.posted_on, set))
                .or_insert_with(|| self.rate(position, period, set));
            match rate {
                Ok(found) => {
                    translated.add(key, place, exact(*units) * &found.value, *entries);
                    translated.oldest_rate_on = translated.oldest_rate_on.into_iter().chain([found.on]).min();
                }
                Err(lack) if account.is_of_programs() => {
                    let missing = translated.missing.entry((*account, *currency, lack.code())).or_default();
                    missing.units += units;
                    missing.periods.insert(fiscal_period_id.clone());
                    missing.rate_on = missing.rate_on.into_iter().chain(lack.stale().map(|found| found.on)).min();
                }
                Err(_) => {}
            }
        }
        Ok(translated)
    }

    /// The set of budget rates by which a position is converted; empty where none is named.
    fn set_of(&self, position: &Position, period: &PeriodRates) -> &str {
        if self.rate_type != ExchangeRateType::Budget {
            return "";
        }
        let of_budget = |budget: &&BudgetRates| {
            budget.program_id == position.program_id
                && budget.legal_entity_id == period.legal_entity_id
                && budget.fiscal_year == period.fiscal_year
                && budget.since <= period.seq
                && period.seq < budget.until
        };
        let named = || self.budgets.iter().find(of_budget).map(|budget| budget.rate_set.as_str());
        self.rate_set.or_else(named).unwrap_or_default()
    }

    fn rate(&self, position: &Position, period: &PeriodRates, rate_set: &str) -> Result<Found, Lack> {
        let wanted = Wanted {
            rate_type: self.rate_type,
            rate_set,
            on: position.posted_on.unwrap_or(period.ends_on),
            period_starts_on: Some(period.starts_on),
            period_ends_on: Some(period.ends_on),
            seq: period.seq,
            known_on: period.closed_on.unwrap_or(self.known_on),
            age_max: self.age_max,
        };
        self.rates.rate(position.currency, self.to, &wanted)
    }
}

fn exact(units: i128) -> BigRational {
    BigRational::new(BigInt::from(units), BigInt::from(UNIT))
}

impl Translated {
    fn add(&mut self, key: &str, place: (LedgerAccount, bool), amount: BigRational, entries: i64) {
        if let Some(group) = self.groups.get_mut(key) {
            group.add(place, amount.clone(), entries);
        }
        self.all.add(place, amount, entries);
    }

    fn total(&self, sums: Sums<BigRational>, told: (Counts, bool)) -> Result<FinancialTotal, Error> {
        sums.total(self.to, told, |amount| rounded(&amount, self.to, self.rounding))
    }

    pub(crate) fn take_all(&mut self, told: (Counts, bool)) -> Result<FinancialTotal, Error> {
        let sums = std::mem::take(&mut self.all);
        self.total(sums, told)
    }

    pub(crate) fn take_group(&mut self, key: &str, told: (Counts, bool)) -> Result<FinancialTotal, Error> {
        let sums = self.groups.remove(key).unwrap_or_default();
        self.total(sums, told)
    }

    /// What is not converted.
    pub(crate) fn unconverted(self) -> Result<Vec<UnconvertedTotal>, Error> {
        let too_much = |_| Error::new(Reason::Invalid, "what is not converted is beyond what an amount holds");
        let total = |((account, currency, code), missing): ((LedgerAccount, Currency, &str), Unconverted)| {
            let amount = Amount::new(i64::try_from(missing.units).map_err(too_much)?);
            let fiscal_period_ids = missing.periods.into_iter().collect();
            let (code, rate_on) = (code.to_owned(), missing.rate_on);
            Ok(UnconvertedTotal { account, currency, amount, fiscal_period_ids, code, rate_on })
        };
        self.missing.into_iter().map(total).collect()
    }
}
