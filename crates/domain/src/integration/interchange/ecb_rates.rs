//! The exchange rates of the European Central Bank, as spot rates of the euro.

use std::io::BufRead;

use serde_json::json;

use super::{Record, Sink};
use crate::error::Error;
use crate::error::Fault;
use crate::exchange_rate::{ExchangeRate, ExchangeRateType, QuoteFile};
use crate::resource::Resource;

/// Base currency of the bank.
pub const EURO: &str = "EUR";

/// Reads the rates day by day. Columns of currencies that ISO 4217 does not have any more are reported as lost.
pub fn read(from: &mut dyn BufRead, source: &str, sink: Sink<'_>) -> Result<(), Error> {
    let mut file = QuoteFile::new(from)?;
    while let Some(day) = file.next_day() {
        let (line, quotes) = day?;
        for quote in quotes {
            let code = quote.currency.code();
            let mut record = Record {
                place: format!("line {line} {code}"),
                kind: Some(ExchangeRate::KIND.name),
                external_id: format!("{EURO}/{code} {}", quote.on),
                ..Record::default()
            };
            record.set("rate_type", Some(json!(ExchangeRateType::Spot)));
            record.set("base_currency", Some(EURO));
            record.set("quote_currency", Some(code));
            record.set("effective_on", Some(json!(quote.on)));
            record.set("rate", Some(json!(quote.rate)));
            record.set("source_reference", Some(source));
            sink(record)?;
        }
    }
    for (name, count) in file.skipped.into_values() {
        let detail = format!("{count} rates of {name} are not kept: it is no currency of ISO 4217 now");
        sink(Record::lost(format!("column {name}"), vec![Fault::new("", "UNKNOWN_CURRENCY", detail)]))?;
    }
    Ok(())
}
