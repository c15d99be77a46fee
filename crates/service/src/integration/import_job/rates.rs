//! Exchange rates of the bank: created or changed by currency and day, whatever stored them before.

use serde_json::{Map, Value, json};
use steerco_domain::exchange_rate::{ExchangeRate, ExchangeRateType, series};
use steerco_domain::import_job::ImportOutcome;
use steerco_domain::interchange::ecb_rates::EURO;
use steerco_domain::money::Currency;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Conn, Fail, Plan, exchange};

use super::write::{Outcomes, outcome_of};
use crate::command::{Command, Item};
use crate::execute::decide_items;
use crate::write_context::WriteContext;
use crate::{Context, Service};

/// Writes the rates that are new or differ. One statement loads what is stored of them.
pub(super) async fn put_rates(
    service: &Service,
    context: &Context,
    conn: &Conn,
    bodies: Vec<Map<String, Value>>,
) -> Result<(Plan, Outcomes), Fail> {
    let clock = &service.inner.clock;
    let access = service.access(conn, &context.caller).await?;
    let write = WriteContext::new(context, conn, access, clock);
    let text = |body: &Map<String, Value>, name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let mut keys = Vec::with_capacity(bodies.len());
    for body in &bodies {
        let currency =
            |code: &str| Currency::parse(code).ok_or_else(|| Error::internal("a staged rate has no currency"));
        let name = series(ExchangeRateType::Spot, None, currency(EURO)?, currency(&text(body, "quote_currency"))?);
        keys.push((name, text(body, "effective_on")));
    }
    let known = exchange::list_stored(conn, context.caller.organisation(), &keys).await?;
    let (mut results, mut items, mut places): (Outcomes, Vec<Item>, Vec<usize>) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (mut body, key)) in bodies.into_iter().zip(keys).enumerate() {
        // Without an outcome of its own, this one is replaced below.
        let (mut id, mut item) = (String::new(), None);
        match known.get(&key) {
            Some((stored, rate)) if json!(rate) == body["rate"] => id.clone_from(stored),
            Some((stored, _)) => {
                body.retain(|name, _| name == "rate" || name == "source_reference");
                item = Some(Item::Update { id: stored.clone(), patch: body, if_match: None });
            }
            None => item = Some(Item::Create { id: clock.new_id(), body }),
        }
        results.push(Ok((id, ImportOutcome::Unchanged)));
        if let Some(item) = item {
            items.push(item);
            places.push(i);
        }
    }
    let command = Command { partial: true, ..Command::many(ExchangeRate::KIND, "import", Value::Null, items) };
    let written = decide_items(&write, &command, &service.feature(ExchangeRate::KIND).hooks).await?;
    for (place, written) in places.into_iter().zip(written) {
        results[place] = written.map(|written| outcome_of(&written));
    }
    Ok((Plan { effects: write.take_effects(), ..Plan::nothing(write.act(), Box::new(())) }, results))
}
