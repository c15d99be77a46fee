//! Exchange rates between currencies, by type, day and source.

use std::collections::BTreeMap;

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault};
use crate::field::{List, Whole};
use crate::money::{Currency, Money};
use crate::rate::Rate;
use crate::resource::Rules;
use crate::text::{Code, Document, Text};
use crate::time::Day;
use crate::words::Words;

/// Maximum number of rates in one import.
pub const IMPORT_MAX: usize = 1_000;
/// Maximum number of amounts in one conversion.
pub const CONVERT_MAX: usize = 1_000;

/// The age of a rate in days.
pub type RateAge = Whole<1, 36_500>;

/// Value of one unit of a currency in another currency on a day. A corrected rate is a new version. A conversion with the
/// earlier version can be repeated with `as_of`.
#[resource(prefix = "xrate", plural = "exchange_rates", scope = "Organisation", rights("import"))]
pub struct ExchangeRate {
    /// Type of the rate.
    #[field(create, filter)]
    pub rate_type: ExchangeRateType,
    /// The set of budget rates; for budget rates only.
    #[field(create, filter)]
    pub rate_set: Option<Code>,
    /// The currency of the one unit.
    #[field(create, filter)]
    pub base_currency: Currency,
    /// The currency of the value.
    #[field(create, filter)]
    pub quote_currency: Currency,
    /// Day of the rate; for an average or a period end, the last day of the period.
    #[field(create, filter)]
    pub effective_on: Day,
    /// Units of the quote currency for one of the base currency: above 0, at most 12 decimals.
    #[field(write)]
    pub rate: Rate,
    /// Source of the rate.
    #[field(write)]
    pub source_reference: Option<Text<200>>,
    /// Type, set and currency pair, such as `spot EUR/GBP`. A series has one rate per day.
    #[field(filter)]
    pub series: Text<100>,
}

/// Type of an exchange rate.
#[words]
pub enum ExchangeRateType {
    /// The rate of the day.
    Spot,
    /// The mean over a period.
    Average,
    /// Closing rate of a period.
    PeriodEnd,
    /// Rate for budgets and plans.
    Budget,
}

/// Rounding of a converted amount that is exactly between two values.
#[words]
#[derive(Default)]
pub enum Rounding {
    /// To the even value, so that differences cancel out over many amounts.
    #[default]
    HalfEven,
    /// Away from zero.
    HalfUp,
}

/// The name of a series of rates.
pub fn series(rate_type: ExchangeRateType, rate_set: Option<&Code>, base: Currency, quote: Currency) -> String {
    let set = rate_set.map(|set| format!(" {}", set.as_str())).unwrap_or_default();
    format!("{}{set} {}/{}", rate_type.word(), base.code(), quote.code())
}

impl Rules for ExchangeRate {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.base_currency == self.quote_currency {
            faults.push(Fault::new("/quote_currency", "DOES_NOT_FIT", "must differ from base_currency"));
        }
        match (self.rate_type == ExchangeRateType::Budget, self.rate_set.is_some()) {
            (true, false) => faults.push(Fault::new("/rate_set", "REQUIRED", "is required for a budget rate")),
            (false, true) => faults.push(Fault::new("/rate_set", "DOES_NOT_FIT", "applies to budget rates only")),
            _ => {}
        }
        let name = series(self.rate_type, self.rate_set.as_ref(), self.base_currency, self.quote_currency);
        self.series = Text::ours(name);
    }
}

/// Imports reference rates of the European Central Bank as spot rates of the euro. An existing equal rate is left unchanged;
/// a differing rate gets a new version.
#[input]
pub struct ImportExchangeRates {
    /// The file of the bank, historical or daily: a header `Date,USD,JPY,…`, one line per day, `N/A` for a missing rate.
    pub document: Document<2_000_000>,
    /// First day to import.
    pub from: Option<Day>,
    /// Last day to import.
    pub until: Option<Day>,
    /// Currencies to import; all when empty.
    pub currencies: Vec<Currency>,
    /// Source of the rates.
    pub source_reference: Option<Text<200>>,
}

/// A quote of a file of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub currency: Currency,
    pub on: Day,
    pub rate: Rate,
}

/// What a file of rates holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    pub quotes: Vec<Quote>,
    /// Headings that are no currency of ISO 4217 now.
    pub skipped: Vec<String>,
}

/// A file of rates of the European Central Bank, historical or daily, read line by line: a header `Date,USD,JPY,…`, then
/// days as `2016-06-30` or `30 June 2016` with their rates.
pub struct QuoteFile<R> {
    rows: csv::StringRecordsIntoIter<R>,
    columns: usize,
    known: BTreeMap<usize, Currency>,
    /// Headings that are no currency of ISO 4217 now, and how many rates they have so far.
    pub skipped: BTreeMap<usize, (String, u64)>,
}

fn bad(line: u64, detail: impl std::fmt::Display) -> Error {
    let detail = if line == 0 { detail.to_string() } else { format!("line {line}: {detail}") };
    Error::fault("/document", "BAD_RATES", detail)
}

impl<R: std::io::Read> QuoteFile<R> {
    /// Reads the header.
    pub fn new(from: R) -> Result<Self, Error> {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(from);
        let mut rows = reader.into_records();
        let header = rows.next().and_then(Result::ok).filter(|header| header.get(0).map(str::trim) == Some("Date"));
        let header = header.ok_or_else(|| bad(1, "must be a header `Date,USD,JPY,…`"))?;
        let (mut known, mut skipped) = (BTreeMap::new(), BTreeMap::new());
        for (i, name) in header.iter().map(str::trim).enumerate().skip(1).filter(|(_, name)| !name.is_empty()) {
            match Currency::parse(name) {
                Some(currency) => drop(known.insert(i, currency)),
                None => drop(skipped.insert(i, (name.chars().take(20).collect(), 0))),
            }
        }
        Ok(Self { rows, columns: header.len(), known, skipped })
    }

    /// The quotes of the next day, with the number of its line.
    pub fn next_day(&mut self) -> Option<Result<(u64, Vec<Quote>), Error>> {
        let row = match self.rows.next()? {
            Ok(row) => row,
            Err(cause) => return Some(Err(bad(0, cause))),
        };
        let line = row.position().map_or(0, csv::Position::line);
        Some(self.quotes(&row).map(|quotes| (line, quotes)).map_err(|detail| bad(line, detail)))
    }

    fn quotes(&mut self, row: &csv::StringRecord) -> Result<Vec<Quote>, String> {
        let cells: Vec<&str> = row.iter().map(str::trim).collect();
        if cells.len() < self.columns || cells.iter().skip(self.columns).any(|cell| !cell.is_empty()) {
            return Err(format!("has {} cells, and the header has {}", cells.len(), self.columns));
        }
        let on = cells.first().and_then(|day| Day::parse(day).or_else(|| written_day(day)));
        let on = on.ok_or("must begin with a day, like 2016-06-30 or 30 June 2016")?;
        let is_rate = |cell: &str| !cell.is_empty() && cell != "N/A";
        for (i, (_, count)) in &mut self.skipped {
            *count += u64::from(is_rate(cells[*i]));
        }
        let mut quotes = Vec::with_capacity(self.known.len());
        for (i, currency) in self.known.iter().filter(|(i, _)| is_rate(cells[**i])) {
            let rate = Rate::parse(cells[*i]).map_err(|detail| format!("{}: {detail}", currency.code()))?;
            quotes.push(Quote { currency: *currency, on, rate });
        }
        Ok(quotes)
    }
}

/// A day as the daily file has it, such as `30 June 2016`.
fn written_day(text: &str) -> Option<Day> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut words = text.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Day::parse(&format!("{year}-{month:02}-{day:0>2}")).filter(|_| words.next().is_none())
}

impl ImportExchangeRates {
    /// The quotes asked for, in the order of the file.
    pub fn read(&self) -> Result<Quotes, Error> {
        let mut file = QuoteFile::new(self.document.as_str().as_bytes())?;
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            return Err(Error::fault("/until", "OUT_OF_ORDER", "must not be before from"));
        }
        let has = |wanted: &Currency| file.known.values().any(|known| known == wanted);
        let absent = self.currencies.iter().enumerate().filter(|(_, wanted)| !has(wanted));
        let absent = absent.map(|(i, currency)| {
            let detail = format!("the file has no column {}", currency.code());
            Fault::new(format!("/currencies/{i}"), "DOES_NOT_FIT", detail)
        });
        let absent: Vec<Fault> = absent.collect();
        if !absent.is_empty() {
            return Err(Error::invalid(absent));
        }
        let mut quotes = Vec::new();
        while let Some(day) = file.next_day() {
            quotes.extend(day?.1.into_iter().filter(|quote| {
                let currency = self.currencies.is_empty() || self.currencies.contains(&quote.currency);
                let begun = self.from.is_none_or(|from| from <= quote.on);
                currency && begun && self.until.is_none_or(|until| quote.on <= until)
            }));
        }
        if quotes.len() > IMPORT_MAX {
            let detail = format!(
                "these are {} rates, at most {IMPORT_MAX} are taken at once: narrow from, until or currencies, or import \
                 the file by an import job of the format ecb_rates",
                quotes.len()
            );
            return Err(Error::fault("/document", "TOO_MANY", detail));
        }
        Ok(Quotes { quotes, skipped: file.skipped.into_values().map(|(name, _)| name).collect() })
    }
}

/// Converts amounts by the rate of their day or of the period. An amount without a rate is left unconverted.
#[input]
pub struct ConvertAmounts {
    /// The target currency.
    pub to: Currency,
    /// Type of rate.
    pub rate_type: ExchangeRateType,
    /// The set of budget rates.
    pub rate_set: Option<Code>,
    /// First day of the period, for an average.
    pub period_starts_on: Option<Day>,
    /// Last day of the period, for an average and a period end.
    pub period_ends_on: Option<Day>,
    /// Rounding at the digits of the currency; `half_even` when absent.
    pub rounding: Option<Rounding>,
    /// Greatest age of a rate in days, from 1 to 36500, on the day of the line or at the end of the period. When absent it
    /// is 10 for rates that come from spot rates; budget rates then have no greatest age. An amount whose youngest rate is
    /// older is not converted.
    pub max_rate_age_days: Option<RateAge>,
    /// The amounts to convert.
    pub lines: List<ConvertLine, CONVERT_MAX>,
}

/// An amount to convert.
#[input(value)]
pub struct ConvertLine {
    /// The amount.
    pub amount: Money,
    /// Its day.
    pub on: Day,
}

impl ConvertAmounts {
    /// Checks that involve more than one field.
    pub fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        let mut need = |there: bool, wanted: bool, name: &str, whom: &str| {
            if wanted && !there {
                faults.push(Fault::new(format!("/{name}"), "REQUIRED", format!("is required for {whom}")));
            } else if there && !wanted {
                faults.push(Fault::new(format!("/{name}"), "DOES_NOT_FIT", format!("applies to {whom} only")));
            }
        };
        let average = self.rate_type == ExchangeRateType::Average;
        let period = average || self.rate_type == ExchangeRateType::PeriodEnd;
        let budget = self.rate_type == ExchangeRateType::Budget;
        need(self.rate_set.is_some(), budget, "rate_set", "budget rates");
        need(self.period_starts_on.is_some(), average, "period_starts_on", "an average");
        need(self.period_ends_on.is_some(), period, "period_ends_on", "an average or a period end");
        if self.period_starts_on.zip(self.period_ends_on).is_some_and(|(start, end)| end < start) {
            faults.push(Fault::new("/period_ends_on", "OUT_OF_ORDER", "must not be before period_starts_on"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn import(document: &str, more: &serde_json::Value) -> Result<Quotes, Error> {
        let mut body = json!({"document": document});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        crate::input::read_input::<ImportExchangeRates>(body.as_object().unwrap()).unwrap().read()
    }

    const FILE: &str = "Date,USD,XYZ,GBP,\n2016-06-24,1.1066,3,0.8075,\n2016-06-23,1.1389,N/A,N/A,\n";

    #[test]
    fn the_file_of_the_bank_is_read() {
        let found = import(FILE, &json!({})).unwrap();
        let told: Vec<_> = found.quotes.iter().map(|q| format!("{} {} {}", q.currency.code(), q.on, q.rate)).collect();
        assert_eq!(told, ["USD 2016-06-24 1.1066", "GBP 2016-06-24 0.8075", "USD 2016-06-23 1.1389"]);
        assert_eq!(found.skipped, ["XYZ"]);
        let narrow =
            import(FILE, &json!({"currencies": ["GBP"], "from": "2016-06-01", "until": "2016-06-24"})).unwrap();
        assert_eq!(narrow.quotes.len(), 1);
    }

    /// The form of the daily file: blanks after the commas, and the month in words.
    #[test]
    fn the_daily_file_is_read_like_the_historical_one() {
        let daily = "Date, USD, JPY, GBP, CHF, \n30 November 2026, 1.0842, 163.20, 0.8391, 0.9412, \n";
        let historical = "Date,USD,JPY,GBP,CHF,\n2026-11-30,1.0842,163.20,0.8391,0.9412,\n";
        let found = import(daily, &json!({})).unwrap();
        assert_eq!((found.quotes.len(), &found), (4, &import(historical, &json!({})).unwrap()));
        for day in ["30 Nov 2026", "30 November", "31 November 2026", "30 November 2026 x"] {
            assert!(import(&daily.replace("30 November 2026", day), &json!({})).is_err(), "{day}");
        }
        let cut = import(&historical[..historical.len() - 6], &json!({})).unwrap_err();
        assert_eq!(cut.faults[0].detail, "line 2: has 5 cells, and the header has 6");
    }

    #[test]
    fn a_bad_file_says_where() {
        for (file, place) in [
            ("USD\n", "line 1"),
            ("Date,USD\nyesterday,1\n", "line 2"),
            ("Date,USD\n2016-06-24,1.1\n2016-06-25,-1\n", "line 3: USD"),
            ("Date,USD\n2016-06-24,NaN\n", "line 2: USD"),
        ] {
            let refused = import(file, &json!({})).unwrap_err();
            assert!(refused.faults[0].detail.starts_with(place), "{file}: {refused:?}");
        }
        let many = (1..=28).map(|day| format!("2016-02-{day:02}{}", ",1".repeat(40))).collect::<Vec<_>>().join("\n");
        let names = [
            "USD", "JPY", "BGN", "CZK", "DKK", "GBP", "HUF", "PLN", "RON", "SEK", "CHF", "ISK", "NOK", "TRY", "AUD",
            "BRL", "CAD", "CNY", "HKD", "IDR", "ILS", "INR", "KRW", "MXN", "MYR", "NZD", "PHP", "SGD", "THB", "ZAR",
            "ARS", "CLP", "COP", "EGP", "KES", "MAD", "NGN", "PEN", "PKR", "SAR",
        ];
        let refused = import(&format!("Date,{}\n{many}", names.join(",")), &json!({})).unwrap_err();
        assert_eq!(refused.faults[0].code, "TOO_MANY");
    }
}
