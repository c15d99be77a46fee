//! Exchange rates between currencies, by type, day and source.

use std::collections::BTreeMap;

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault};
use crate::field::List;
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
    /// The file of the bank: a header `Date,USD,JPY,…`, one line per day, `N/A` for a missing rate.
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

impl ImportExchangeRates {
    /// The quotes asked for, in the order of the file.
    pub fn read(&self) -> Result<Quotes, Error> {
        let bad = |line: u64, detail: String| {
            let detail = if line == 0 { detail } else { format!("line {line}: {detail}") };
            Error::fault("/document", "BAD_RATES", detail)
        };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.document.as_str().as_bytes());
        let mut rows = reader.records();
        let Some(Ok(header)) = rows.next() else {
            return Err(bad(1, "must be a header `Date,USD,JPY,…`".to_owned()));
        };
        if header.get(0).map(str::trim) != Some("Date") {
            return Err(bad(1, "must be a header `Date,USD,JPY,…`".to_owned()));
        }
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            return Err(Error::fault("/until", "OUT_OF_ORDER", "must not be before from"));
        }
        let names: Vec<&str> = header.iter().skip(1).map(str::trim).collect();
        let mut found = Quotes::default();
        let known: BTreeMap<usize, Currency> =
            names.iter().enumerate().filter_map(|(i, name)| Some((i, Currency::parse(name)?))).collect();
        let unknown = names.iter().enumerate().filter(|(i, name)| !known.contains_key(i) && !name.is_empty());
        found.skipped = unknown.map(|(_, name)| name.chars().take(20).collect()).collect();
        let absent =
            self.currencies.iter().enumerate().filter(|(_, wanted)| !known.values().any(|known| known == *wanted));
        let absent = absent.map(|(i, currency)| {
            Fault::new(
                format!("/currencies/{i}"),
                "DOES_NOT_FIT",
                format!("the file has no column {}", currency.code()),
            )
        });
        let absent: Vec<Fault> = absent.collect();
        if !absent.is_empty() {
            return Err(Error::invalid(absent));
        }
        let wanted = |currency: &Currency| self.currencies.is_empty() || self.currencies.contains(currency);
        for row in rows {
            let row = row.map_err(|cause| bad(0, cause.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            if row.iter().skip(header.len()).any(|cell| !cell.trim().is_empty()) {
                return Err(bad(line, format!("has more cells than the header, which has {}", header.len())));
            }
            let day = row.get(0).map(str::trim).unwrap_or_default();
            let on = Day::parse(day).ok_or_else(|| bad(line, "must begin with a day, like 2016-06-30".to_owned()))?;
            if self.from.is_some_and(|from| on < from) || self.until.is_some_and(|until| until < on) {
                continue;
            }
            for (i, currency) in known.iter().filter(|(_, currency)| wanted(currency)) {
                let text = row.get(i + 1).map(str::trim).unwrap_or_default();
                if text.is_empty() || text == "N/A" {
                    continue;
                }
                let rate = Rate::parse(text).map_err(|detail| bad(line, format!("{}: {detail}", currency.code())))?;
                found.quotes.push(Quote { currency: *currency, on, rate });
            }
        }
        if found.quotes.len() > IMPORT_MAX {
            let detail = format!(
                "these are {} rates, at most {IMPORT_MAX} are taken at once: narrow from, until or currencies",
                found.quotes.len()
            );
            return Err(Error::fault("/document", "TOO_MANY", detail));
        }
        Ok(found)
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
