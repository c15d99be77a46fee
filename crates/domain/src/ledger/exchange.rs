//! Conversion by stored rates: exact, rounded once at the end, half to even or half up, at the digits of the currency. Of
//! the rate of a pair, its inverse, and two rates through one other currency, the youngest is taken. A rate that is too old
//! does not convert, and a missing rate is never 1.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use steerco_derive::answer;

use crate::actuals_control::CurrencyTotal;
use crate::error::{Error, Reason};
use crate::exchange_rate::{CONVERT_MAX, ConvertAmounts, ExchangeRateType, RateAge, Rounding};
use crate::money::{Amount, Currency, Money, UNIT};
use crate::rate::Rate;
use crate::text::Code;
use crate::time::Day;

/// Greatest age in days of a rate that comes from spot rates, unless a request gives another.
pub const SPOT_AGE_MAX: i32 = 10;

/// After every change of the log that there will be.
pub const NOW: i64 = i64::MAX - 1;

type Pair = (&'static str, &'static str);

/// A rate of a day as it is stored, and between which changes of the log it was known.
#[derive(Clone, Debug)]
pub struct StoredRate {
    pub rate_type: ExchangeRateType,
    /// The set of budget rates it belongs to; empty of others.
    pub rate_set: String,
    pub base: Currency,
    pub quote: Currency,
    pub on: Day,
    pub rate: Rate,
    /// The change that brought it, and the one that took it away.
    pub since: i64,
    pub until: i64,
}

/// Rates of one type, set and pair: the versions of each day.
type Series = BTreeMap<Day, Vec<StoredRate>>;

/// Rates by type, set, pair and day, with all that was ever known of each.
#[derive(Clone, Debug, Default)]
pub struct Rates(BTreeMap<(ExchangeRateType, String, Pair), Series>);

/// A rate as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub value: BigRational,
    /// Its day: of a mean the last day with a rate, of two rates the earlier one.
    pub on: Day,
    /// Number of days that a mean is made of.
    days: usize,
    /// The changes of the log that brought what it is made of.
    pub since: Vec<i64>,
}

impl Found {
    /// The rate of a currency to itself.
    pub(crate) fn one(on: Day) -> Self {
        Self { value: BigRational::from(BigInt::from(1)), on, days: 1, since: Vec::new() }
    }
}

/// Why an amount is not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// There is no rate.
    Missing,
    /// The youngest rate is too old.
    Stale(Found),
}

impl Lack {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "NO_RATE",
            Self::Stale(_) => "STALE_RATE",
        }
    }

    /// The rate that is too old.
    pub const fn stale(&self) -> Option<&Found> {
        match self {
            Self::Missing => None,
            Self::Stale(found) => Some(found),
        }
    }
}

/// Which rate of a pair is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub rate_type: ExchangeRateType,
    /// The set of budget rates; empty of others.
    pub rate_set: &'a str,
    /// The day of a spot and a budget rate.
    pub on: Day,
    pub period_starts_on: Option<Day>,
    pub period_ends_on: Option<Day>,
    /// By what was known after this change of the log.
    pub seq: i64,
    /// The day of that knowledge: no rate can be younger.
    pub known_on: Day,
    /// Greatest age of the rate in days. When absent it is that of spot rates; budget rates have none.
    pub age_max: Option<i32>,
}

impl Wanted<'_> {
    /// Whether a rate of this day is too old.
    fn is_stale(&self, on: Day) -> bool {
        let budget = self.rate_type == ExchangeRateType::Budget;
        let Some(age_max) = self.age_max.or((!budget).then_some(SPOT_AGE_MAX)) else { return false };
        let wanted_on = match self.rate_type {
            ExchangeRateType::Spot | ExchangeRateType::Budget => self.on,
            ExchangeRateType::Average | ExchangeRateType::PeriodEnd => self.period_ends_on.unwrap_or(self.on),
        };
        on.days_until(wanted_on.min(self.known_on)) > age_max
    }
}

/// How a rate of a pair is picked.
#[derive(Clone, Copy)]
enum Pick {
    /// The last one on or before this day.
    Last(Day),
    /// The one of this day.
    Exactly(Day),
    /// The mean of the rates of these days.
    Mean(Day, Day),
}

/// A pick among the rates of a type and set, by what was known.
#[derive(Clone, Copy)]
struct Among<'a> {
    rate_type: ExchangeRateType,
    rate_set: &'a str,
    seq: i64,
    pick: Pick,
}

impl Rates {
    pub fn add(&mut self, rate: StoredRate) {
        let series = (rate.rate_type, rate.rate_set.clone(), (rate.base.code(), rate.quote.code()));
        self.0.entry(series).or_default().entry(rate.on).or_default().push(rate);
    }

    fn quoted(&self, pair: Pair, among: Among<'_>) -> Option<Found> {
        let series = self.0.get(&(among.rate_type, among.rate_set.to_owned(), pair))?;
        let known = |(_, versions): (&Day, &'_ Vec<StoredRate>)| {
            versions.iter().find(|rate| rate.since <= among.seq && among.seq < rate.until).cloned()
        };
        let found =
            |rate: StoredRate| Found { value: rate.rate.value(), on: rate.on, days: 1, since: vec![rate.since] };
        match among.pick {
            Pick::Last(day) => series.range(..=day).rev().find_map(known).map(found),
            Pick::Exactly(day) => series.range(day..=day).find_map(known).map(found),
            Pick::Mean(from, until) => {
                let rates: Vec<StoredRate> = series.range(from..=until).filter_map(known).collect();
                let on = rates.last()?.on;
                let count = BigRational::from(BigInt::from(rates.len()));
                let value = rates.iter().map(|rate| rate.rate.value()).sum::<BigRational>();
                let since = rates.iter().map(|rate| rate.since).collect();
                Some(Found { value: value / count, on, days: rates.len(), since })
            }
        }
    }

    /// Units of `to` for one of `from`, quoted either way round.
    fn direct(&self, from: &'static str, to: &'static str, among: Among<'_>) -> Option<Found> {
        let inverse = |found: Found| Found { value: found.value.recip(), ..found };
        youngest([self.quoted((from, to), among), self.quoted((to, from), among).map(inverse)])
    }

    fn find(&self, from: &'static str, to: &'static str, among: Among<'_>) -> Option<Found> {
        let hubs: BTreeSet<&str> = self.0.keys().flat_map(|(_, _, (base, quote))| [*base, *quote]).collect();
        let through = |hub: &'static str| {
            let (first, second) = (self.direct(from, hub, among)?, self.direct(hub, to, among)?);
            let since = first.since.iter().chain(&second.since).copied().collect();
            let (on, days) = (first.on.min(second.on), first.days.min(second.days));
            Some(Found { value: first.value * second.value, on, days, since })
        };
        youngest([self.direct(from, to, among)].into_iter().chain(hubs.into_iter().map(through)))
    }

    /// Units of one currency for one of another. What is stored for a period goes before what its days tell.
    pub fn rate(&self, from: Currency, to: Currency, wanted: &Wanted<'_>) -> Result<Found, Lack> {
        let Wanted { rate_type, rate_set, on, seq, .. } = *wanted;
        let find = |rate_type, pick| self.find(from.code(), to.code(), Among { rate_type, rate_set, seq, pick });
        let found = match (rate_type, wanted.period_starts_on, wanted.period_ends_on) {
            (ExchangeRateType::Spot | ExchangeRateType::Budget, ..) => find(rate_type, Pick::Last(on)),
            (ExchangeRateType::Average, Some(start), Some(end)) => {
                find(rate_type, Pick::Exactly(end)).or_else(|| find(ExchangeRateType::Spot, Pick::Mean(start, end)))
            }
            (ExchangeRateType::PeriodEnd, _, Some(end)) => {
                find(rate_type, Pick::Exactly(end)).or_else(|| find(ExchangeRateType::Spot, Pick::Last(end)))
            }
            _ => None,
        };
        match found {
            None => Err(Lack::Missing),
            Some(found) if wanted.is_stale(found.on) => Err(Lack::Stale(found)),
            Some(found) => Ok(found),
        }
    }

    /// The rate that an amount is to be converted by.
    fn rate_of(
        &self,
        wish: &ConvertAmounts,
        from: Currency,
        on: Day,
        (seq, known_on): (i64, Day),
    ) -> Result<Found, Lack> {
        let wanted = Wanted {
            rate_type: wish.rate_type,
            rate_set: wish.rate_set.as_ref().map_or("", Code::as_str),
            on,
            period_starts_on: wish.period_starts_on,
            period_ends_on: wish.period_ends_on,
            seq,
            known_on,
            age_max: wish.max_rate_age_days.map(RateAge::get),
        };
        self.rate(from, wish.to, &wanted)
    }

    /// The answer, by the rates that were known after this change of the log, on this day.
    pub fn convert(&self, wish: &ConvertAmounts, seq: i64, known_on: Day) -> Result<Conversion, Error> {
        let rounding = wish.rounding.unwrap_or_default();
        let mut total = BigRational::zero();
        let mut missing: BTreeMap<&'static str, i128> = BTreeMap::new();
        let mut lines = Vec::with_capacity(wish.lines.0.len());
        let mut oldest: Option<Day> = None;
        for line in &wish.lines.0 {
            let currency = line.amount.currency;
            let same = currency == wish.to;
            let found =
                if same { Ok(Found::one(line.on)) } else { self.rate_of(wish, currency, line.on, (seq, known_on)) };
            let Found { value, on, .. } = match found {
                Ok(found) => found,
                Err(lack) => {
                    *missing.entry(currency.code()).or_default() += i128::from(line.amount.units);
                    let rate = lack.stale().map(|found| decimal(&found.value));
                    let rate_on = lack.stale().map(|found| found.on);
                    lines.push(ConvertedLine { amount: None, rate, rate_on, code: Some(lack.code().to_owned()) });
                    continue;
                }
            };
            let converted = exact(line.amount) * &value;
            let amount = Some(rounded(&converted, wish.to, rounding)?);
            lines.push(ConvertedLine { amount, rate: Some(decimal(&value)), rate_on: Some(on), code: None });
            total += converted;
            if !same {
                oldest = Some(oldest.map_or(on, |oldest| oldest.min(on)));
            }
        }
        let unconverted = |(code, units): (&'static str, i128)| {
            let currency = Currency::parse(code).ok_or_else(|| Error::internal("an amount has an unknown currency"))?;
            Ok(CurrencyTotal { amount: Amount::new(i64::try_from(units).map_err(|_| too_much())?), currency })
        };
        Ok(Conversion {
            currency: wish.to,
            total: rounded(&total, wish.to, rounding)?,
            complete: missing.is_empty(),
            unconverted: missing.into_iter().map(unconverted).collect::<Result<_, Error>>()?,
            oldest_rate_on: oldest,
            lines,
        })
    }
}

/// Amounts converted, in their order.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// The currency wanted.
    pub currency: Currency,
    /// The sum of the unrounded lines, rounded once.
    pub total: Amount,
    /// Whether every amount is converted.
    pub complete: bool,
    /// Sums that are not converted; the lines tell why.
    pub unconverted: Vec<CurrencyTotal>,
    /// Day of the oldest rate that was used.
    pub oldest_rate_on: Option<Day>,
    /// One for each amount.
    #[field(max = CONVERT_MAX)]
    pub lines: Vec<ConvertedLine>,
}

/// One amount converted, or why it is not.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedLine {
    /// What it comes to, rounded at the digits of the currency.
    pub amount: Option<Amount>,
    /// Units of the currency wanted for one of the line's, to twelve decimals; also where it is too old.
    pub rate: Option<String>,
    /// The day of the rate: of a mean the last day with a rate, of two rates the earlier one.
    pub rate_on: Option<Day>,
    /// Why it is not converted: `NO_RATE`, or `STALE_RATE` where the youngest rate is older than `max_rate_age_days`.
    pub code: Option<String>,
}

/// The youngest of these rates, of equally young means that of most days; among equals the first.
fn youngest(rates: impl IntoIterator<Item = Option<Found>>) -> Option<Found> {
    rates.into_iter().flatten().reduce(
        |best, next| {
            if (next.on, next.days) > (best.on, best.days) { next } else { best }
        },
    )
}

fn exact(money: Money) -> BigRational {
    BigRational::new(BigInt::from(money.units), BigInt::from(UNIT))
}

/// The nearest whole number.
fn nearest(value: &BigRational, rounding: Rounding) -> BigInt {
    let floor = value.floor().to_integer();
    let rest = value - BigRational::from(floor.clone());
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let up = match rounding {
        Rounding::HalfEven => (&floor % BigInt::from(2)) != BigInt::zero(),
        Rounding::HalfUp => !value.is_negative(),
    };
    if rest > half || (rest == half && up) { floor + 1 } else { floor }
}

/// Rounded at the digits of the currency.
pub(crate) fn rounded(value: &BigRational, currency: Currency, rounding: Rounding) -> Result<Amount, Error> {
    let scale = 10_i64.pow(u32::from(currency.digits().min(4)));
    let whole = nearest(&(value * BigRational::from(BigInt::from(scale))), rounding);
    let units = (whole * BigInt::from(UNIT / scale)).to_i64();
    units.map(Amount::new).ok_or_else(too_much)
}

/// A rate for people to read: twelve decimals, without the zeros at the end.
fn decimal(value: &BigRational) -> String {
    let units = nearest(&(value * BigRational::from(BigInt::from(1_000_000_000_000_i64))), Rounding::HalfEven).abs();
    let text = format!("{units:0>13}");
    let (whole, fraction) = text.split_at(text.len() - 12);
    format!("{whole}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn too_much() -> Error {
    Error::new(Reason::Invalid, "what an amount is converted to is beyond what an amount holds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn code(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// Adds what one unit of a currency is worth on a day.
    fn add(rates: &mut Rates, rate_type: ExchangeRateType, [base, quote]: [&str; 2], on: &str, rate: &str) {
        let (base, quote, on, rate) = (code(base), code(quote), day(on), Rate::parse(rate).unwrap());
        let rate_set = String::new();
        rates.add(StoredRate { rate_type, rate_set, base, quote, on, rate, since: 0, until: i64::MAX });
    }

    /// Reference rates of June 2016 in euros.
    fn rates() -> Rates {
        let mut rates = Rates::default();
        for line in include_str!("../../../../tests/data/ecb-june-2016.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            for (currency, text) in [("USD", cells[1]), ("GBP", cells[2])] {
                add(&mut rates, ExchangeRateType::Spot, ["EUR", currency], cells[0], text);
            }
        }
        rates
    }

    fn convert(rates: &Rates, body: &Value) -> Conversion {
        let wish: ConvertAmounts = crate::input::read_input(body.as_object().unwrap()).unwrap();
        wish.check().unwrap();
        rates.convert(&wish, NOW, day("2026-12-01")).unwrap()
    }

    fn line(on: &str, currency: &str, amount: &str) -> Value {
        json!({"on": on, "amount": {"amount": amount, "currency": currency}})
    }

    fn amounts(conversion: &Conversion) -> Vec<String> {
        conversion.lines.iter().map(|line| line.amount.map(|a| a.to_string()).unwrap_or_default()).collect()
    }

    /// Ledger lines in pounds and dollars, by the rate of the day and by the average of the month; a Saturday has the rate
    /// of the day before, and the night of 23 June moved the pound by 5 %. Rates: European Central Bank.
    #[test]
    fn june_2016() {
        let lines = json!([
            line("2016-06-01", "GBP", "100000.00"),
            line("2016-06-23", "GBP", "250000.00"),
            line("2016-06-24", "GBP", "250000.00"),
            line("2016-06-25", "USD", "80000.00"),
        ]);
        let rates = rates();
        let spot = convert(&rates, &json!({"to": "EUR", "rate_type": "spot", "lines": lines}));
        assert_eq!(amounts(&spot), ["129269.1100", "326392.0600", "309597.5200", "72293.5100"]);
        assert_eq!(spot.total.to_string(), "837552.2100");
        assert_eq!(spot.lines[3].rate_on, Some(day("2016-06-24")));
        let average = convert(
            &rates,
            &json!({"to": "EUR", "rate_type": "average", "period_starts_on": "2016-06-01",
                    "period_ends_on": "2016-06-30", "lines": lines}),
        );
        assert_eq!(amounts(&average), ["126503.2300", "316258.0800", "316258.0800", "71244.6800"]);
        assert_eq!(average.total.to_string(), "830264.0700");
        let end = convert(
            &rates,
            &json!({"to": "GBP", "rate_type": "period_end", "period_ends_on": "2016-06-30",
                    "lines": [line("2016-06-01", "EUR", "1")]}),
        );
        assert_eq!((end.lines[0].rate.as_deref(), end.total.to_string()), (Some("0.8265"), "0.8300".to_owned()));
    }

    #[test]
    fn pairs_are_found_through_a_third_currency_or_not_at_all() {
        let wish = json!({"to": "USD", "rate_type": "spot", "lines": [
            line("2016-06-24", "GBP", "80.75"), line("2016-05-31", "GBP", "1"), line("2016-06-24", "JPY", "500"),
            line("2016-06-24", "USD", "2.50"),
        ]});
        let found = convert(&rates(), &wish);
        assert_eq!(amounts(&found), ["110.6600", "", "", "2.5000"]);
        assert!(!found.complete, "nothing is known of May, and of the yen");
        let missing: Vec<_> = found.unconverted.iter().map(|t| format!("{} {}", t.amount, t.currency.code())).collect();
        assert_eq!(missing, ["1.0000 GBP", "500.0000 JPY"]);
        assert_eq!(found.total.to_string(), "113.1600");
    }

    /// A direct rate of 2008 is older than two rates of 2022 through the euro. Rates: European Central Bank, 30 September
    /// 2022; dollars for pounds on 1 April 2008 by the rates of that day.
    #[test]
    fn the_youngest_chain_goes_first_and_no_old_rate_converts() {
        let mut rates = Rates::default();
        add(&mut rates, ExchangeRateType::Spot, ["GBP", "USD"], "2008-04-01", "1.98");
        let wish = |more: Value| {
            let mut wish = json!({"to": "USD", "rate_type": "spot", "lines": [line("2022-09-30", "GBP", "100")]});
            wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            wish
        };
        let stale = convert(&rates, &wish(json!({})));
        let told = stale.lines[0].clone();
        assert_eq!((stale.complete, told.amount, told.code.as_deref()), (false, None, Some("STALE_RATE")));
        assert_eq!((told.rate.as_deref(), told.rate_on), (Some("1.98"), Some(day("2008-04-01"))));
        assert_eq!((stale.oldest_rate_on, stale.total.units()), (None, 0));
        let old = convert(&rates, &wish(json!({"max_rate_age_days": 6_000})));
        assert_eq!((amounts(&old), old.oldest_rate_on), (vec!["198.0000".to_owned()], Some(day("2008-04-01"))));
        add(&mut rates, ExchangeRateType::Spot, ["EUR", "USD"], "2022-09-30", "0.9748");
        add(&mut rates, ExchangeRateType::Spot, ["EUR", "GBP"], "2022-09-29", "0.883");
        let young = convert(&rates, &wish(json!({})));
        assert_eq!((amounts(&young), young.oldest_rate_on), (vec!["110.4000".to_owned()], Some(day("2022-09-29"))));
        add(&mut rates, ExchangeRateType::Spot, ["USD", "GBP"], "2022-09-29", "0.5");
        assert_eq!(amounts(&convert(&rates, &wish(json!({})))), ["200.0000"], "of one day the direct rate");
    }

    /// The age is that on the day asked for, or on the day of knowledge where that is earlier.
    #[test]
    fn the_age_of_a_rate_ends_with_what_can_be_known() {
        let (eur, usd) = (code("EUR"), code("USD"));
        let mut rates = Rates::default();
        add(&mut rates, ExchangeRateType::Spot, ["EUR", "USD"], "2026-03-02", "1.1");
        let lack = |rate_type, known_on: &str, age_max| {
            let wanted = Wanted {
                rate_type,
                rate_set: "",
                on: day("2026-03-31"),
                period_starts_on: Some(day("2026-03-01")),
                period_ends_on: Some(day("2026-03-31")),
                seq: NOW,
                known_on: day(known_on),
                age_max,
            };
            rates.rate(eur, usd, &wanted).err().map(|lack| lack.code())
        };
        for rate_type in [ExchangeRateType::Spot, ExchangeRateType::Average, ExchangeRateType::PeriodEnd] {
            assert_eq!(lack(rate_type, "2026-03-12", None), None);
            assert_eq!(lack(rate_type, "2026-03-13", None), Some("STALE_RATE"));
            assert_eq!(lack(rate_type, "2026-12-01", Some(28)), Some("STALE_RATE"));
            assert_eq!(lack(rate_type, "2026-12-01", Some(29)), None);
        }
        assert_eq!(lack(ExchangeRateType::Budget, "2026-12-01", None), Some("NO_RATE"));
        add(&mut rates, ExchangeRateType::Budget, ["EUR", "USD"], "2020-01-01", "1.2");
        assert_eq!(
            rates
                .rate(
                    usd,
                    eur,
                    &Wanted {
                        rate_type: ExchangeRateType::Budget,
                        rate_set: "",
                        on: day("2026-03-31"),
                        period_starts_on: None,
                        period_ends_on: None,
                        seq: NOW,
                        known_on: day("2026-12-01"),
                        age_max: None,
                    }
                )
                .map(|found| found.on),
            Ok(day("2020-01-01")),
            "a budget rate holds until the next one"
        );
    }

    #[test]
    fn rounding_is_half_to_even_at_the_digits_of_the_currency() {
        let mut rates = Rates::default();
        add(&mut rates, ExchangeRateType::Spot, ["EUR", "JPY"], "2026-01-01", "0.5");
        add(&mut rates, ExchangeRateType::Spot, ["EUR", "BHD"], "2026-01-01", "0.0005");
        let to = |to: &str, lines: Value| convert(&rates, &json!({"to": to, "rate_type": "spot", "lines": lines}));
        let day = "2026-01-01";
        let yen = to("JPY", json!([line(day, "EUR", "1"), line(day, "EUR", "3"), line(day, "EUR", "-1")]));
        assert_eq!(amounts(&yen), ["0.0000", "2.0000", "0.0000"]);
        assert_eq!(yen.total.to_string(), "2.0000", "1.5 of the unrounded lines");
        let dinars = to("BHD", json!([line(day, "EUR", "1"), line(day, "EUR", "3")]));
        assert_eq!(amounts(&dinars), ["0.0000", "0.0020"]);
        let lines = json!([line(day, "EUR", "1"), line(day, "EUR", "3"), line(day, "EUR", "-1")]);
        let up = json!({"to": "JPY", "rate_type": "spot", "rounding": "half_up", "lines": lines});
        let up = convert(&rates, &up);
        assert_eq!(amounts(&up), ["1.0000", "2.0000", "-1.0000"], "away from zero");
        assert_eq!(up.total.to_string(), "2.0000");
    }

    #[test]
    fn what_is_stored_for_a_period_goes_first() {
        let mut rates = rates();
        add(&mut rates, ExchangeRateType::Average, ["EUR", "GBP"], "2016-06-30", "0.8");
        let average = json!({"to": "EUR", "rate_type": "average", "period_starts_on": "2016-06-01",
                             "period_ends_on": "2016-06-30", "lines": [line("2016-06-01", "GBP", "8")]});
        assert_eq!(amounts(&convert(&rates, &average)), ["10.0000"]);
        let wish = json!({"to": "EUR", "rate_type": "average", "rate_set": "x", "lines": []});
        let wish: ConvertAmounts = crate::input::read_input(wish.as_object().unwrap()).unwrap();
        let faults = wish.check().unwrap_err().faults;
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/rate_set", "/period_starts_on", "/period_ends_on"]);
    }

    #[test]
    fn a_later_version_is_not_known_before_it_came() {
        let (gbp, eur) = (code("GBP"), code("EUR"));
        let mut rates = Rates::default();
        let rate = |text: &str, since, until| StoredRate {
            rate_type: ExchangeRateType::Spot,
            rate_set: String::new(),
            base: gbp,
            quote: eur,
            on: day("2016-06-01"),
            rate: Rate::parse(text).unwrap(),
            since,
            until,
        };
        rates.add(rate("1.2", 5, 9));
        rates.add(rate("1.3", 9, i64::MAX));
        let wanted = |seq| Wanted {
            rate_type: ExchangeRateType::Spot,
            rate_set: "",
            on: day("2016-06-02"),
            period_starts_on: None,
            period_ends_on: None,
            seq,
            known_on: day("2026-12-01"),
            age_max: None,
        };
        let found = |seq| rates.rate(gbp, eur, &wanted(seq)).ok().map(|found| (decimal(&found.value), found.since));
        assert_eq!(found(4), None);
        assert_eq!(found(8), Some(("1.2".to_owned(), vec![5])));
        assert_eq!(found(NOW), Some(("1.3".to_owned(), vec![9])));
    }

    proptest! {
        #[test]
        fn amounts_are_rounded_to_the_nearest_minor_unit_and_from_the_middle_to_the_even_one(
            numerator in -1_000_000_000_000_i64..1_000_000_000_000,
            denominator in prop::sample::select(vec![1_i64, 2, 3, 7, 8, 20, 200, 2_000, 1_999, 12_345]),
            (currency, digits) in prop::sample::select(vec![("JPY", 0_u32), ("EUR", 2), ("BHD", 3)]),
        ) {
            let value = BigRational::new(BigInt::from(numerator), BigInt::from(denominator));
            let told = rounded(&value, code(currency), Rounding::HalfEven).unwrap();
            let unit = 10_000 / 10_i64.pow(digits);
            prop_assert_eq!(told.units() % unit, 0, "whole in the minor unit");
            let rest = (exact(Money::new(told.units(), code(currency))) - &value).abs();
            let half = BigRational::new(BigInt::from(unit), BigInt::from(2 * UNIT));
            prop_assert!(rest <= half);
            prop_assert!(rest < half || told.units() / unit % 2 == 0);
            let opposite = rounded(&-value, code(currency), Rounding::HalfEven).unwrap();
            prop_assert_eq!(opposite.units(), -told.units());
        }
    }
}
