//! Exchange rates taken over from a file, and amounts converted by those that are stored.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_domain::access::{Row, find};
use steerco_domain::exchange::Conversion;
use steerco_domain::exchange_rate::{
    ConvertAmounts, ExchangeRate, ExchangeRateType, ImportExchangeRates, Quote, series,
};
use steerco_domain::money::Currency;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Resource};
use steerco_persistence::query::Moment;
use steerco_persistence::{Conn, Fail, exchange, log};

use crate::command::{Command, Item, choose};
use crate::write_context::WriteContext;
use crate::{Caller, Context, Outcome, Service};

const IMPORT: &Row = find("exchange_rate", "import");
/// What the European Central Bank quotes.
const EURO: &str = "EUR";

/// What became of a file of rates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedRates {
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    /// Headings that are no currency now.
    pub skipped: Vec<String>,
    /// Whether this is the stored answer of an earlier request.
    pub replayed: bool,
}

impl Service {
    /// Takes the rates of a file over, all or none.
    pub fn import_rates<'a>(
        &'a self,
        context: &'a Context,
        import: &'a ImportExchangeRates,
    ) -> BoxFuture<'a, Result<ImportedRates, Error>> {
        Box::pin(async move {
            let found = import.read()?;
            let reference = import.source_reference.as_ref().map(|text| text.as_str().to_owned());
            let item = |quote: Quote| {
                let (id, reference) = (self.inner.clock.new_id(), reference.clone());
                let quote = Arc::new(quote);
                let choose = choose(move |write| put(write, id, Arc::clone(&quote), reference.clone()));
                Item::Choose { row: IMPORT, choose }
            };
            let input = serde_json::to_value(import).unwrap_or_default();
            let items: Vec<_> = found.quotes.into_iter().map(item).collect();
            let mut imported = ImportedRates { skipped: found.skipped, ..ImportedRates::default() };
            if items.is_empty() {
                context.refuse_etag()?;
                let conn = self.inner.database.read(context.caller.organisation()).await.map_err(Fail::into_error)?;
                self.authorise(&conn, &context.caller, IMPORT).await.map_err(Fail::into_error)?;
                conn.close().await.map_err(Fail::into_error)?;
                return Ok(imported);
            }
            let action = IMPORT.action;
            let command = Command::many(ExchangeRate::KIND, action, input, items);
            let done = self.execute(context, command).await?;
            imported.replayed = done.replayed;
            for written in done.results.into_iter().collect::<Result<Vec<_>, Error>>()? {
                match written.outcome {
                    Outcome::Created => imported.created += 1,
                    Outcome::Updated => imported.updated += 1,
                    _ => imported.unchanged += 1,
                }
            }
            Ok(imported)
        })
    }

    /// Converts amounts by the rates of now, or as they were known at an instant.
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
        let moment = match as_of {
            Some(at) => Moment::Known { seq: log::seq_at(conn, scope.org(), at).await? },
            None => Moment::Now,
        };
        Ok(exchange::list(conn, &scope, asked, moment).await?.convert(asked)?)
    }
}

/// Creates a rate or changes the one that is there.
fn put<'e>(
    write: &'e WriteContext<'e>,
    id: u128,
    quote: Arc<Quote>,
    reference: Option<String>,
) -> BoxFuture<'e, Result<Item, Fail>> {
    Box::pin(async move {
        let euro = Currency::parse(EURO).ok_or_else(Error::internal)?;
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
