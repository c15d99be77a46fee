//! The budget bridge: how one version of a budget became another, step by step, with the events behind each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_bigint::BigInt;
use num_rational::BigRational;
use steerco_derive::{answer, words};

use crate::budget::Budget;
use crate::error::{Error, Reason};
use crate::exchange::{Found, Rates, Wanted, rounded};
use crate::exchange_rate::{ExchangeRateType, Rounding};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::ledger_account::LedgerAccount;
use crate::ledger_entry::LedgerEntryType;
use crate::money::{Amount, Currency, UNIT};
use crate::time::Day;

/// What changed a budget.
#[words]
pub enum BudgetBridgeStepType {
    /// The approval of a version.
    ApprovedChange,
    /// Money that came from another place or program, or went there.
    Transfer,
    /// Money drawn from a reserve.
    Drawdown,
    /// Other exchange rates: the later version is converted by its own set of rates, everything before by that of the
    /// earlier one.
    ExchangeRates,
}

/// What the ledger tells of a budget between two versions: what was added to an account at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub account: LedgerAccount,
    pub currency: Currency,
    pub entry_type: LedgerEntryType,
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The budget or transfer that was approved.
    pub approved_id: String,
    pub event_id: String,
    /// The change of the log.
    pub seq: i64,
    pub units: i128,
}

/// How one version of a budget became another.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetBridge {
    /// The earlier version.
    pub from_id: String,
    /// The later version.
    pub to_id: String,
    /// One an account and currency.
    pub spans: Vec<BudgetBridgeSpan>,
    /// Whether every span is in the currency that was asked for.
    pub complete: bool,
    /// Currencies that lack a rate; their spans stay in them.
    pub unconverted: Vec<Currency>,
    /// Day of the oldest rate that was used.
    pub oldest_rate_on: Option<Day>,
}

/// The bridge of one account in one currency: from and all steps and the rest come to what is reached.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetBridgeSpan {
    /// The account.
    pub account: LedgerAccount,
    /// The currency.
    pub currency: Currency,
    /// What the earlier version came to.
    pub from_amount: Amount,
    /// What changed it, in the order of the events.
    pub steps: Vec<BudgetBridgeStep>,
    /// What no event tells.
    pub unexplained: Amount,
    /// What the later version comes to.
    pub to_amount: Amount,
}

/// One step of a bridge.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetBridgeStep {
    /// What it was.
    pub step_type: BudgetBridgeStepType,
    /// What it added, or below zero took away.
    pub amount: Amount,
    /// The budget or transfer that was approved.
    pub approved_id: String,
    /// The event of that approval.
    pub event_id: String,
    /// Every event behind it: of other exchange rates also those that brought the rates.
    pub event_ids: Vec<String>,
}

impl BudgetBridgeStepType {
    const fn of(entry_type: LedgerEntryType) -> Option<Self> {
        match entry_type {
            LedgerEntryType::BudgetApproval => Some(Self::ApprovedChange),
            LedgerEntryType::BudgetTransfer => Some(Self::Transfer),
            LedgerEntryType::ReserveDrawdown => Some(Self::Drawdown),
            _ => None,
        }
    }
}

type Place = (LedgerAccount, Currency);

/// A part of what is told, in its own period.
type Part = (Id<FiscalPeriod>, i128);
type Parts = Vec<Part>;

/// What a version comes to, by account and currency.
fn places(budget: &Budget) -> BTreeMap<Place, Parts> {
    let mut places: BTreeMap<Place, Parts> = BTreeMap::new();
    for (cell, units) in budget.cells() {
        let parts = places.entry((cell.account, cell.currency)).or_default();
        parts.push((cell.fiscal_period_id, i128::from(units)));
    }
    places
}

/// What was moved at once, by what, in which periods.
struct Moved<'a> {
    first: &'a Movement,
    parts: Parts,
}

/// The movements of each place, those of one approval together, in the order of their events.
fn moved(movements: &[Movement]) -> BTreeMap<Place, Vec<Moved<'_>>> {
    let mut all: BTreeMap<Place, Vec<Moved<'_>>> = BTreeMap::new();
    for movement in movements {
        let of_place = all.entry((movement.account, movement.currency)).or_default();
        let part = (movement.fiscal_period_id, movement.units);
        let same = |moved: &&mut Moved<'_>| {
            moved.first.entry_type == movement.entry_type && moved.first.event_id == movement.event_id
        };
        match of_place.iter_mut().find(same) {
            Some(moved) => moved.parts.push(part),
            None => of_place.push(Moved { first: movement, parts: vec![part] }),
        }
    }
    for of_place in all.values_mut() {
        of_place.retain(|moved| sum(&moved.parts) != 0);
    }
    all
}

fn sum(parts: &[Part]) -> i128 {
    parts.iter().map(|(_, units)| units).sum()
}

impl BudgetBridge {
    /// The bridge between two versions over these movements, which stand in the order of their events.
    pub fn new(from: &Budget, to: &Budget, movements: &[Movement]) -> Result<Self, Error> {
        let (before, after, moved) = (places(from), places(to), moved(movements));
        let all: BTreeSet<Place> = before.keys().chain(after.keys()).chain(moved.keys()).copied().collect();
        let none = Vec::new();
        let span = |place: Place| {
            let at = |places: &BTreeMap<Place, Parts>| places.get(&place).map_or(0, |parts| sum(parts));
            let moved = moved.get(&place).unwrap_or(&none);
            let steps = moved.iter().filter_map(|moved| step(moved, amount(sum(&moved.parts))).transpose());
            let explained: i128 = moved.iter().map(|moved| sum(&moved.parts)).sum();
            Ok(BudgetBridgeSpan {
                account: place.0,
                currency: place.1,
                from_amount: amount(at(&before))?,
                steps: steps.collect::<Result<_, _>>()?,
                unexplained: amount(at(&after) - at(&before) - explained)?,
                to_amount: amount(at(&after))?,
            })
        };
        let spans = all.into_iter().map(span).collect::<Result<_, Error>>()?;
        let (from_id, to_id) = (from.id.to_string(), to.id.to_string());
        Ok(Self { from_id, to_id, spans, complete: true, unconverted: Vec::new(), oldest_rate_on: None })
    }

    /// The same in one currency, and the changes of the log that brought the rates which the later version has and the
    /// earlier one had not. Everything is converted by the rates of the earlier version, and what the later one comes to by
    /// its own; the difference is a step, which also takes what rounding leaves.
    pub fn translated(
        from: &Budget,
        to: &Budget,
        movements: &[Movement],
        rates: &BridgeRates<'_>,
    ) -> Result<(Self, BTreeSet<i64>), Error> {
        let mut told = Self::new(from, to, movements)?;
        let (before, after, moved) = (places(from), places(to), moved(movements));
        let mut changes = BTreeSet::new();
        let mut accounts: BTreeMap<LedgerAccount, Exact<'_>> = BTreeMap::new();
        let all: BTreeSet<Place> = before.keys().chain(after.keys()).chain(moved.keys()).copied().collect();
        for place in &all {
            let of_place = (before.get(place), after.get(place), moved.get(place));
            let (account, currency) = *place;
            if let Some((more, used)) = rates.exact(currency, of_place) {
                changes.extend(used.later);
                told.oldest_rate_on = told.oldest_rate_on.into_iter().chain(used.oldest_on).min();
                accounts.entry(account).or_default().add(more);
            } else {
                told.unconverted.push(currency);
            }
        }
        told.unconverted.sort_unstable();
        told.unconverted.dedup();
        told.complete = told.unconverted.is_empty();
        // A currency is converted whole or not at all.
        let lacking = told.unconverted.clone();
        told.spans.retain(|span| lacking.contains(&span.currency));
        for (account, exact) in accounts {
            told.spans.push(exact.span(account, to, rates.to)?);
        }
        told.spans.sort_by_key(|span| (span.account, span.currency));
        Ok((told, changes))
    }
}

/// The rates by which a bridge is told in another currency.
pub struct BridgeRates<'a> {
    pub to: Currency,
    pub rates: &'a Rates,
    /// The last day of each period.
    pub ends: &'a HashMap<Id<FiscalPeriod>, Day>,
    /// Set of the earlier version and of the later one, and by what was known after which change of the log.
    pub earlier: (&'a str, i64),
    pub later: (&'a str, i64),
}

/// What an account comes to in one currency.
#[derive(Default)]
struct Exact<'a> {
    from: BigRational,
    steps: Vec<(&'a Moved<'a>, BigRational)>,
    /// What the later version comes to by the rates of the earlier one, and by its own.
    at_earlier: BigRational,
    to: BigRational,
}

impl Exact<'_> {
    fn add(&mut self, more: Self) {
        self.from += more.from;
        self.steps.extend(more.steps);
        self.at_earlier += more.at_earlier;
        self.to += more.to;
    }

    fn span(mut self, account: LedgerAccount, later: &Budget, currency: Currency) -> Result<BudgetBridgeSpan, Error> {
        self.steps.sort_by_key(|(moved, _)| moved.first.seq);
        let (from_amount, to_amount) =
            (rounded(&self.from, currency, Rounding::HalfEven)?, rounded(&self.to, currency, Rounding::HalfEven)?);
        let explained: BigRational = self.steps.iter().map(|(_, amount)| amount.clone()).sum();
        let unexplained = rounded(&(self.at_earlier - self.from - explained), currency, Rounding::HalfEven)?;
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        for (moved, exact) in &self.steps {
            steps.extend(step(moved, rounded(exact, currency, Rounding::HalfEven))?);
        }
        let told: i128 = steps.iter().map(|step| i128::from(step.amount.units())).sum();
        let [from, to, rest] = [from_amount, to_amount, unexplained].map(|amount| i128::from(amount.units()));
        let rates = amount(to - from - told - rest)?;
        if rates.units() != 0 {
            steps.push(BudgetBridgeStep {
                step_type: BudgetBridgeStepType::ExchangeRates,
                amount: rates,
                approved_id: later.id.to_string(),
                event_id: String::new(),
                event_ids: Vec::new(),
            });
        }
        Ok(BudgetBridgeSpan { account, currency, from_amount, steps, unexplained, to_amount })
    }
}

/// The rates that were used.
#[derive(Default)]
struct Used {
    /// The changes that brought those of the earlier version, and those that only the later one has.
    earlier: BTreeSet<i64>,
    later: BTreeSet<i64>,
    oldest_on: Option<Day>,
}

impl BridgeRates<'_> {
    /// A rate of a period by the set of one of the versions, and the changes that brought it.
    fn rate(&self, currency: Currency, period: Id<FiscalPeriod>, (set, seq): (&str, i64)) -> Option<Found> {
        let on = *self.ends.get(&period)?;
        if currency == self.to {
            return Some(Found::one(on));
        }
        let (period_starts_on, period_ends_on) = (None, None);
        let rate_type = ExchangeRateType::Budget;
        // Budget rates have no greatest age.
        let (known_on, age_max) = (on, None);
        let wanted = Wanted { rate_type, rate_set: set, on, period_starts_on, period_ends_on, seq, known_on, age_max };
        self.rates.rate(currency, self.to, &wanted).ok()
    }

    fn convert(
        &self,
        currency: Currency,
        parts: &[Part],
        by: (&str, i64),
        (used, oldest_on): (&mut BTreeSet<i64>, &mut Option<Day>),
    ) -> Option<BigRational> {
        let mut all = BigRational::default();
        for (period, units) in parts {
            let found = self.rate(currency, *period, by)?;
            used.extend(found.since);
            if currency != self.to {
                *oldest_on = oldest_on.iter().copied().chain([found.on]).min();
            }
            all += BigRational::new(BigInt::from(*units), BigInt::from(UNIT)) * found.value;
        }
        Some(all)
    }

    /// What a place comes to; nothing where it lacks a rate.
    fn exact<'a>(
        &self,
        currency: Currency,
        (before, after, moved): (Option<&Parts>, Option<&Parts>, Option<&'a Vec<Moved<'a>>>),
    ) -> Option<(Exact<'a>, Used)> {
        let none = Parts::new();
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        let mut used = Used::default();
        let oldest_on = &mut used.oldest_on;
        let mut exact = Exact {
            from: self.convert(currency, before, self.earlier, (&mut used.earlier, oldest_on))?,
            at_earlier: self.convert(currency, after, self.earlier, (&mut used.earlier, oldest_on))?,
            to: self.convert(currency, after, self.later, (&mut used.later, oldest_on))?,
            steps: Vec::new(),
        };
        for moved in moved.into_iter().flatten() {
            let amount = self.convert(currency, &moved.parts, self.earlier, (&mut used.earlier, oldest_on))?;
            exact.steps.push((moved, amount));
        }
        used.later.retain(|change| !used.earlier.contains(change));
        Some((exact, used))
    }
}

fn step(moved: &Moved<'_>, amount: Result<Amount, Error>) -> Result<Option<BudgetBridgeStep>, Error> {
    let Movement { entry_type, approved_id, event_id, .. } = moved.first;
    let Some(step_type) = BudgetBridgeStepType::of(*entry_type) else { return Ok(None) };
    let (approved_id, event_id) = (approved_id.clone(), event_id.clone());
    Ok(Some(BudgetBridgeStep { step_type, amount: amount?, approved_id, event_ids: vec![event_id.clone()], event_id }))
}

fn amount(units: i128) -> Result<Amount, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "a step is beyond what an amount holds");
    i64::try_from(units).map(Amount::new).map_err(too_much)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::json;

    fn period(n: u128) -> Id<FiscalPeriod> {
        Id::from_u128(n)
    }

    fn budget(n: u128, amount: &str, reserve: &str) -> Budget {
        let at = Instant::from_micros(0);
        let period = crate::id::encode("fper", 1);
        let body = json!({
            "program_id": crate::id::encode("prog", 1), "legal_entity_id": crate::id::encode("ent", 1),
            "fiscal_year": 2026, "title": "B", "currency": "EUR", "lines": [
                {"fiscal_period_id": period, "amount": amount},
                {"fiscal_period_id": period, "amount": reserve, "reserve": "contingency"},
            ],
        });
        Budget::create(body.as_object().unwrap(), &Seed { id: n, at, effective_at: at, by: Actor::system() }).unwrap()
    }

    fn movement(account: LedgerAccount, entry_type: LedgerEntryType, units: i128) -> Movement {
        let currency = Currency::parse("EUR").unwrap();
        let (fiscal_period_id, approved_id, event_id) = (period(1), "x".to_owned(), "e".to_owned());
        Movement { account, currency, entry_type, fiscal_period_id, approved_id, event_id, seq: 1, units }
    }

    #[test]
    fn steps_and_the_rest_come_to_what_is_reached() {
        use LedgerAccount::{Budget as Plain, Contingency};
        let movements = [
            movement(Plain, LedgerEntryType::ReserveDrawdown, 200_000),
            movement(Contingency, LedgerEntryType::ReserveDrawdown, -200_000),
            movement(Plain, LedgerEntryType::BudgetTransfer, -50_000),
            movement(Plain, LedgerEntryType::BudgetApproval, 100_000),
        ];
        let bridge = BudgetBridge::new(&budget(1, "100", "30"), &budget(2, "130", "10"), &movements).unwrap();
        let told: Vec<_> = bridge
            .spans
            .iter()
            .map(|s| (s.account, s.from_amount.units(), s.steps.len(), s.unexplained.units(), s.to_amount.units()))
            .collect();
        let expected = [(Plain, 1_000_000, 3, 50_000, 1_300_000), (Contingency, 300_000, 1, 0, 100_000)];
        assert_eq!(told, expected, "what no event tells stays visible");
    }

    /// 100 and then 130 EUR, at 1.10 USD and then at 1.20: 110, 33 of change, 13 of rates, 156.
    #[test]
    fn other_rates_are_a_step_of_their_own() {
        let (eur, usd) = (Currency::parse("EUR").unwrap(), Currency::parse("USD").unwrap());
        let day = Day::parse("2026-01-31").unwrap();
        let mut rates = Rates::default();
        for (set, rate, since) in [("first", "1.1", 3), ("second", "1.2", 9)] {
            rates.add(crate::exchange::StoredRate {
                rate_type: ExchangeRateType::Budget,
                rate_set: set.to_owned(),
                base: eur,
                quote: usd,
                on: day,
                rate: crate::rate::Rate::parse(rate).unwrap(),
                since,
                until: i64::MAX,
            });
        }
        let ends = HashMap::from([(period(1), day)]);
        let by =
            |to, second| BridgeRates { to, rates: &rates, ends: &ends, earlier: ("first", 5), later: (second, 20) };
        let movements = [movement(LedgerAccount::Budget, LedgerEntryType::BudgetApproval, 300_000)];
        let (from, to) = (budget(1, "100", "0"), budget(2, "130", "0"));
        let (bridge, changes) = BudgetBridge::translated(&from, &to, &movements, &by(usd, "second")).unwrap();
        let span = bridge.spans.iter().find(|span| span.account == LedgerAccount::Budget).unwrap();
        let steps: Vec<_> = span.steps.iter().map(|step| (step.step_type, step.amount.units())).collect();
        let expected =
            [(BudgetBridgeStepType::ApprovedChange, 330_000), (BudgetBridgeStepType::ExchangeRates, 130_000)];
        assert_eq!((span.from_amount.units(), steps.as_slice()), (1_100_000, expected.as_slice()));
        assert_eq!((span.unexplained.units(), span.to_amount.units()), (0, 1_560_000));
        assert_eq!(changes, BTreeSet::from([9]), "the first rate was known before");
        assert!(bridge.complete);

        let (bridge, _) = BudgetBridge::translated(&from, &to, &movements, &by(usd, "third")).unwrap();
        assert_eq!((bridge.complete, bridge.unconverted.as_slice()), (false, [eur].as_slice()));
        assert_eq!(bridge.spans[0].from_amount.units(), 1_000_000, "it stays in its own currency");
        let (same, _) = BudgetBridge::translated(&from, &to, &movements, &by(eur, "third")).unwrap();
        assert_eq!(same, BudgetBridge::new(&from, &to, &movements).unwrap());
    }
}
