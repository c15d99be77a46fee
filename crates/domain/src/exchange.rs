//! Conversion by stored rates: exact, rounded once at the end, half to even, at the digits of the currency. A pair that is
//! not quoted is found the other way round or through one currency that both are quoted with; a missing rate is never 1.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use serde::Serialize;

use crate::actuals_batch::CurrencyTotal;
use crate::error::{Error, Reason};
use crate::exchange_rate::{ConvertAmounts, ExchangeRateType};
use crate::money::{Amount, Currency, Money};
use crate::rate::Rate;
use crate::time::Day;

type Pair = (&'static str, &'static str);

/// Rates by type, pair and day.
#[derive(Clone, Debug, Default)]
pub struct Rates(BTreeMap<(ExchangeRateType, Pair), BTreeMap<Day, Rate>>);

/// A rate as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    value: BigRational,
    on: Day,
}

/// How a rate of a pair is picked.
#[derive(Clone, Copy)]
enum Pick {
    /// The last one on or before this day.
    Last(ExchangeRateType, Day),
    /// The one of this day.
    Exactly(ExchangeRateType, Day),
    /// The mean of the spot rates of these days.
    Mean(Day, Day),
}

impl Rates {
    pub fn add(&mut self, rate_type: ExchangeRateType, base: Currency, quote: Currency, on: Day, rate: Rate) {
        self.0.entry((rate_type, (base.code(), quote.code()))).or_default().insert(on, rate);
    }

    fn quoted(&self, pair: Pair, pick: Pick) -> Option<Found> {
        let of = |rate_type| self.0.get(&(rate_type, pair));
        match pick {
            Pick::Last(rate_type, day) => {
                let (on, rate) = of(rate_type)?.range(..=day).next_back()?;
                Some(Found { value: rate.value(), on: *on })
            }
            Pick::Exactly(rate_type, day) => {
                of(rate_type)?.get(&day).map(|rate| Found { value: rate.value(), on: day })
            }
            Pick::Mean(from, until) => {
                let rates: Vec<BigRational> =
                    of(ExchangeRateType::Spot)?.range(from..=until).map(|(_, rate)| rate.value()).collect();
                let count = BigRational::from(BigInt::from(rates.len()));
                let value = rates.into_iter().sum::<BigRational>();
                (!count.is_zero()).then(|| Found { value: value / count, on: until })
            }
        }
    }

    /// Units of `to` for one of `from`, quoted either way round.
    fn direct(&self, from: &'static str, to: &'static str, pick: Pick) -> Option<Found> {
        let inverse = |found: Found| Found { value: found.value.recip(), on: found.on };
        self.quoted((from, to), pick).or_else(|| self.quoted((to, from), pick).map(inverse))
    }

    fn find(&self, from: &'static str, to: &'static str, pick: Pick) -> Option<Found> {
        self.direct(from, to, pick).or_else(|| {
            let hubs: BTreeSet<&str> = self.0.keys().flat_map(|(_, (base, quote))| [*base, *quote]).collect();
            hubs.into_iter().find_map(|hub| {
                let (first, second) = (self.direct(from, hub, pick)?, self.direct(hub, to, pick)?);
                Some(Found { value: first.value * second.value, on: first.on.min(second.on) })
            })
        })
    }

    /// The rate that is asked for: what is stored for a period goes before what its days tell.
    fn rate(&self, wish: &ConvertAmounts, from: Currency, on: Day) -> Option<Found> {
        let (from, to) = (from.code(), wish.to.code());
        match (wish.rate_type, wish.period_starts_on, wish.period_ends_on) {
            (kind @ (ExchangeRateType::Spot | ExchangeRateType::Budget), ..) => {
                self.find(from, to, Pick::Last(kind, on))
            }
            (ExchangeRateType::Average, Some(start), Some(end)) => self
                .find(from, to, Pick::Exactly(ExchangeRateType::Average, end))
                .or_else(|| self.find(from, to, Pick::Mean(start, end))),
            (ExchangeRateType::PeriodEnd, _, Some(end)) => self
                .find(from, to, Pick::Exactly(ExchangeRateType::PeriodEnd, end))
                .or_else(|| self.find(from, to, Pick::Last(ExchangeRateType::Spot, end))),
            _ => None,
        }
    }

    /// The answer.
    pub fn convert(&self, wish: &ConvertAmounts) -> Result<Conversion, Error> {
        let mut total = BigRational::zero();
        let mut missing: BTreeMap<&'static str, i128> = BTreeMap::new();
        let mut lines = Vec::with_capacity(wish.lines.0.len());
        for line in &wish.lines.0 {
            let currency = line.amount.currency;
            let same = || Found { value: BigRational::from(BigInt::from(1)), on: line.on };
            let found = if currency == wish.to { Some(same()) } else { self.rate(wish, currency, line.on) };
            let Some(Found { value, on }) = found else {
                *missing.entry(currency.code()).or_default() += i128::from(line.amount.units);
                lines.push(ConvertedLine { amount: None, rate: None, rate_on: None });
                continue;
            };
            let converted = exact(line.amount) * &value;
            let amount = Some(rounded(&converted, wish.to)?);
            lines.push(ConvertedLine { amount, rate: Some(decimal(&value)), rate_on: Some(on) });
            total += converted;
        }
        let unconverted = |(code, units): (&'static str, i128)| {
            let currency = Currency::parse(code).ok_or_else(Error::internal)?;
            Ok(CurrencyTotal { amount: Amount::new(i64::try_from(units).map_err(|_| too_much())?), currency })
        };
        Ok(Conversion {
            currency: wish.to,
            total: rounded(&total, wish.to)?,
            complete: missing.is_empty(),
            unconverted: missing.into_iter().map(unconverted).collect::<Result<_, Error>>()?,
            lines,
        })
    }
}

/// Amounts as they are answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    pub currency: Currency,
    /// The sum of the unrounded lines, rounded once.
    pub total: Amount,
    pub complete: bool,
    /// Sums that have no rate.
    pub unconverted: Vec<CurrencyTotal>,
    pub lines: Vec<ConvertedLine>,
}

/// One amount converted; nothing where there is no rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConvertedLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// Units of the currency wanted for one of the line's, to twelve decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_on: Option<Day>,
}

/// Ten-thousandths of the unit.
const UNIT: i64 = 10_000;

fn exact(money: Money) -> BigRational {
    BigRational::new(BigInt::from(money.units), BigInt::from(UNIT))
}

/// The nearest whole number, half to even.
fn half_even(value: &BigRational) -> BigInt {
    let floor = value.floor().to_integer();
    let rest = value - BigRational::from(floor.clone());
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let odd = (&floor % BigInt::from(2)) != BigInt::zero();
    if rest > half || (rest == half && odd) { floor + 1 } else { floor }
}

/// Rounded at the digits of the currency.
fn rounded(value: &BigRational, currency: Currency) -> Result<Amount, Error> {
    let scale = 10_i64.pow(u32::from(currency.digits().min(4)));
    let whole = half_even(&(value * BigRational::from(BigInt::from(scale))));
    let units = (whole * BigInt::from(UNIT / scale)).to_i64();
    units.map(Amount::new).ok_or_else(too_much)
}

/// A rate for people to read: twelve decimals, without the zeros at the end.
fn decimal(value: &BigRational) -> String {
    let units = half_even(&(value * BigRational::from(BigInt::from(1_000_000_000_000_i64)))).abs();
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
    use serde_json::{Value, json};

    fn code(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// Reference rates of June 2016 in euros.
    fn rates() -> Rates {
        let mut rates = Rates::default();
        for line in include_str!("../../../tests/data/ecb-june-2016.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            for (currency, text) in [("USD", cells[1]), ("GBP", cells[2])] {
                let rate = Rate::parse(text).unwrap();
                rates.add(ExchangeRateType::Spot, code("EUR"), code(currency), day(cells[0]), rate);
            }
        }
        rates
    }

    fn convert(rates: &Rates, body: &Value) -> Conversion {
        let wish: ConvertAmounts = crate::input::read_input(body.as_object().unwrap()).unwrap();
        wish.check().unwrap();
        rates.convert(&wish).unwrap()
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

    #[test]
    fn rounding_is_half_to_even_at_the_digits_of_the_currency() {
        let mut rates = Rates::default();
        rates.add(ExchangeRateType::Spot, code("EUR"), code("JPY"), day("2026-01-01"), Rate::parse("0.5").unwrap());
        rates.add(ExchangeRateType::Spot, code("EUR"), code("BHD"), day("2026-01-01"), Rate::parse("0.0005").unwrap());
        let to = |to: &str, lines: Value| convert(&rates, &json!({"to": to, "rate_type": "spot", "lines": lines}));
        let day = "2026-01-01";
        let yen = to("JPY", json!([line(day, "EUR", "1"), line(day, "EUR", "3"), line(day, "EUR", "-1")]));
        assert_eq!(amounts(&yen), ["0.0000", "2.0000", "0.0000"]);
        assert_eq!(yen.total.to_string(), "2.0000", "1.5 of the unrounded lines");
        let dinars = to("BHD", json!([line(day, "EUR", "1"), line(day, "EUR", "3")]));
        assert_eq!(amounts(&dinars), ["0.0000", "0.0020"]);
    }

    #[test]
    fn what_is_stored_for_a_period_goes_first() {
        let mut rates = rates();
        rates.add(ExchangeRateType::Average, code("EUR"), code("GBP"), day("2016-06-30"), Rate::parse("0.8").unwrap());
        let average = json!({"to": "EUR", "rate_type": "average", "period_starts_on": "2016-06-01",
                             "period_ends_on": "2016-06-30", "lines": [line("2016-06-01", "GBP", "8")]});
        assert_eq!(amounts(&convert(&rates, &average)), ["10.0000"]);
        let wish = json!({"to": "EUR", "rate_type": "average", "rate_set": "x", "lines": []});
        let wish: ConvertAmounts = crate::input::read_input(wish.as_object().unwrap()).unwrap();
        let faults = wish.check().unwrap_err().faults;
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/rate_set", "/period_starts_on", "/period_ends_on"]);
    }
}
