//! Imports exchange rates from a file, and converts amounts by the stored rates.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::exchange::{Conversion, NOW};
use steerco_domain::exchange_rate::{
    ConvertAmounts, ExchangeRate, ExchangeRateType, ImportExchangeRates, Quote, series,
};
use steerco_domain::input::read_input;
use steerco_domain::interchange::ecb_rates::EURO;
use steerco_domain::money::Currency;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Resource};
use steerco_persistence::exchange::RateNeed;
use steerco_persistence::{Conn, Fail, exchange, log};

use crate::command::{Command, Item, choose};
use crate::operation::{AnswerDoc, Answered, Body, Operation, Under, WRITING};
use crate::parameter::AS_OF;
use crate::write_context::WriteContext;
use crate::{Caller, Context, Outcome, Service};

const IMPORT: &Permission = find("exchange_rate", "import");
/// Result of an import of exchange rates.
#[answer]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedExchangeRates {
    /// Number of new rates.
    #[field(min = 0)]
    pub created: i32,
    /// Number of rates that differed and got a new version.
    #[field(min = 0)]
    pub updated: i32,
    /// Number of rates that were already stored with the same value.
    #[field(min = 0)]
    pub unchanged: i32,
    /// Headings that are not a current ISO 4217 currency code.
    pub skipped: Vec<String>,
}

const IMPORT_EXAMPLE: &str = r#"{"document": "Date,USD,GBP\n2016-06-24,1.1066,0.8075\n", "source_reference": "ECB"}"#;
const CONVERT_EXAMPLE: &str = r#"{
    "to": "EUR", "rate_type": "spot",
    "lines": [{"on": "2016-06-25", "amount": {"amount": "80000", "currency": "USD"}}]
}"#;

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "import_exchange_rates",
        service: ExchangeRate::KIND.title,
        permission: Some(IMPORT),
        path: "/v1/exchange-rates/import",
        under: Under::Kind(ExchangeRate::KIND),
        summary: "Import reference rates of the European Central Bank",
        doc: "Stores spot rates of the euro, all or none, up to 1000 at once: use `from`, `until` or `currencies` to \
              select fewer, or an import job of the format `ecb_rates` for the whole file. A rate that is already stored stays as it is, or gets a new version where it differs.",
        parameters: WRITING,
        body: Some(Body::of::<ImportExchangeRates>(IMPORT_EXAMPLE)),
        answer: AnswerDoc::of::<ImportedExchangeRates>("The result of the import."),
        ..Operation::post(|service, context, arguments| {
            Box::pin(async move {
                let import = read_input(&arguments.body())?;
                let (imported, replayed) = service.import_rates(&context, &import).await?;
                let changed = imported.created + imported.updated > 0;
                let outcome = Some(if changed { Outcome::Updated } else { Outcome::Unchanged });
                Ok(Answered { outcome, replayed, ..Answered::of(imported) })
            })
        })
    },
    Operation {
        id: "convert_amounts",
        service: ExchangeRate::KIND.title,
        permission: Some(ExchangeRate::KIND.rows.read),
        path: "/v1/exchange-rates/convert",
        under: Under::Kind(ExchangeRate::KIND),
        summary: "Convert amounts",
        doc: "Changes nothing. `spot` and `budget` take the last rate on or before the day of the line. `average` and \
              `period_end` take the stored rate of the period; without one they are derived from the spot rates of its \
              days: the mean rate, and the last rate. Of the rate of a pair, its inverse, and two rates through one other \
              currency, the youngest is taken. An amount without a rate, or whose rate is older than \
              `max_rate_age_days`, is returned in `unconverted`, and its line has the `code`.",
        parameters: &[&AS_OF],
        body: Some(Body::of::<ConvertAmounts>(CONVERT_EXAMPLE)),
        answer: AnswerDoc::of::<Conversion>("The converted amounts."),
        ..Operation::post(|service, context, mut arguments| {
            Box::pin(async move {
                let as_of = arguments.instant(&AS_OF);
                let wish = read_input(&arguments.body())?;
                Ok(Answered::of(service.convert(&context.caller, &wish, as_of).await?))
            })
        })
    },
];

impl Service {
    /// Imports the rates of a file, all or none. Returns also whether this is a replay of the response to an earlier
    /// request.
    pub fn import_rates<'a>(
        &'a self,
        context: &'a Context,
        import: &'a ImportExchangeRates,
    ) -> BoxFuture<'a, Result<(ImportedExchangeRates, bool), Error>> {
        Box::pin(async move {
            let found = import.read()?;
            let reference = import.source_reference.as_ref().map(|text| text.as_str().to_owned());
            let item = |quote: Quote| {
                let (id, reference) = (self.inner.clock.new_id(), reference.clone());
                let quote = Arc::new(quote);
                let choose = choose(move |write| put(write, id, Arc::clone(&quote), reference.clone()));
                Item::Choose { permission: IMPORT, choose }
            };
            let input = serde_json::to_value(import).unwrap_or_default();
            let items: Vec<_> = found.quotes.into_iter().map(item).collect();
            let mut imported = ImportedExchangeRates { skipped: found.skipped, ..ImportedExchangeRates::default() };
            if items.is_empty() {
                context.refuse_etag()?;
                let conn = self.inner.database.read(context.caller.organisation()).await.map_err(Fail::into_error)?;
                self.authorise(&conn, &context.caller, IMPORT).await.map_err(Fail::into_error)?;
                conn.close().await.map_err(Fail::into_error)?;
                return Ok((imported, false));
            }
            let action = IMPORT.action;
            let command = Command::many(ExchangeRate::KIND, action, input, items);
            let done = self.execute(context, command).await?;
            for written in done.results.into_iter().collect::<Result<Vec<_>, Error>>()? {
                match written.outcome {
                    Outcome::Created => imported.created += 1,
                    Outcome::Updated => imported.updated += 1,
                    _ => imported.unchanged += 1,
                }
            }
            Ok((imported, done.replayed))
        })
    }

    /// Converts amounts by the current rates, or by the rates as known at an instant.
    pub fn convert<'a>(
        &'a self,
        caller: &'a Caller,
        asked: &'a ConvertAmounts,
        as_of: Option<Instant>,
    ) -> BoxFuture<'a, Result<Conversion, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.convert_in(&conn, caller, asked, as_of).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn convert_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        asked: &ConvertAmounts,
        as_of: Option<Instant>,
    ) -> Result<Conversion, Fail> {
        let (_, scope) = self.authorise(conn, caller, ExchangeRate::KIND.rows.read).await?;
        asked.check()?;
        let (seq, known_at) = match as_of {
            Some(at) => (log::seq_at(conn, scope.org(), at).await?, at),
            None => (NOW, self.inner.clock.now()),
        };
        let days = asked.lines.0.iter().map(|line| asked.period_ends_on.unwrap_or(line.on));
        let currencies = asked.lines.0.iter().map(|line| line.amount.currency);
        let need = RateNeed {
            to: asked.to,
            from: currencies.filter(|currency| *currency != asked.to).collect(),
            rate_type: asked.rate_type,
            rate_sets: asked.rate_set.iter().map(|set| set.as_str().to_owned()).collect(),
            last: days.map(|day| (day, seq)).collect(),
            means: asked.period_starts_on.zip(asked.period_ends_on).map(|(first, last)| [first, last]),
        };
        Ok(exchange::list(conn, scope.org(), &need).await?.convert(asked, seq, known_at.day())?)
    }
}

/// Creates a rate or changes the stored one.
fn put<'e>(
    write: &'e WriteContext<'e>,
    id: u128,
    quote: Arc<Quote>,
    reference: Option<String>,
) -> BoxFuture<'e, Result<Item, Fail>> {
    Box::pin(async move {
        let euro = Currency::parse(EURO).ok_or_else(|| Error::internal("the currency table lacks the euro"))?;
        let name = series(ExchangeRateType::Spot, None, euro, quote.currency);
        let org = write.context.caller.organisation();
        let mut body = Map::new();
        body.insert("rate".to_owned(), json!(quote.rate));
        if let Some(reference) = reference {
            body.insert("source_reference".to_owned(), Value::String(reference));
        }
        Ok(if let Some(old) = exchange::find(write.conn, org, &name, quote.on).await? {
            Item::Update { id: old.id_text(), patch: body, if_match: None }
        } else {
            body.insert("rate_type".to_owned(), json!(ExchangeRateType::Spot));
            body.insert("base_currency".to_owned(), json!(euro));
            body.insert("quote_currency".to_owned(), json!(quote.currency));
            body.insert("effective_on".to_owned(), json!(quote.on));
            Item::Create { id, body }
        })
    })
}
