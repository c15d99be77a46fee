//! Finding exchange rates.

use std::collections::BTreeSet;

use steerco_domain::Resource;
use steerco_domain::exchange::Rates;
use steerco_domain::exchange_rate::{ConvertAmounts, ExchangeRate, ExchangeRateType};
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{Moment, push_from};
use crate::scope::Scope;
use crate::sql::Sql;

/// The rate of a series on a day.
pub async fn find(conn: &Conn, org: &str, series: &str, on: Day) -> Result<Option<ExchangeRate>, Fail> {
    let mut sql = Sql::new(" FROM exchange_rate t WHERE t.org = ");
    sql.text(org).push(" AND t.series = ").text(series).push(" AND t.effective_on = ").text(on.to_string());
    sql.push(" AND t.deleted_at IS NULL");
    Ok(conn.resources(sql).await?.pop())
}

/// Every rate that a conversion may need: of each series that quotes one of the currencies, those of the days from first
/// to last, and the last one before.
pub async fn list(conn: &Conn, scope: &Scope, wish: &ConvertAmounts, moment: Moment) -> Result<Rates, Fail> {
    let mut rates = Rates::default();
    let days = wish.lines.0.iter().map(|line| line.on);
    let Some((first, last)) = days.clone().min().zip(days.max()) else { return Ok(rates) };
    let first = wish.period_starts_on.or(wish.period_ends_on).unwrap_or(first);
    let last = wish.period_ends_on.unwrap_or(last);
    let mut currencies: BTreeSet<&str> = wish.lines.0.iter().map(|line| line.amount.currency.code()).collect();
    currencies.insert(wish.to.code());
    let currencies: Vec<&str> = currencies.into_iter().collect();
    let mut types = vec![wish.rate_type.word()];
    types.extend((wish.rate_type != ExchangeRateType::Budget).then_some(ExchangeRateType::Spot.word()));
    let mut sql = Sql::new("");
    push_from(scope, ExchangeRate::KIND, moment, &mut sql);
    sql.push(" AND t.deleted_at IS NULL AND t.rate_type IN (").texts(&types).push(")");
    if let Some(set) = &wish.rate_set {
        sql.push(" AND t.rate_set = ").text(set.as_str());
    }
    sql.push(" AND (t.base_currency IN (").texts(&currencies).push(") OR t.quote_currency IN (");
    sql.texts(&currencies).push(")) AND t.effective_on <= ").text(last.to_string());
    sql.push(" AND t.effective_on >= COALESCE((SELECT max(p.effective_on) FROM ");
    // The last one before is looked for in what was known then, too.
    match moment {
        Moment::Known { seq } => {
            sql.push("exchange_rate_rev p WHERE p.seq <= ").int(seq).push(" AND p.until_seq > ").int(seq).push(" AND ")
        }
        _ => sql.push("exchange_rate p WHERE "),
    };
    sql.push("p.org = t.org AND p.deleted_at IS NULL AND p.series = t.series AND p.effective_on <= ");
    sql.text(first.to_string()).push("), '')");
    for rate in conn.resources::<ExchangeRate>(sql).await? {
        rates.add(rate.rate_type, rate.base_currency, rate.quote_currency, rate.effective_on, rate.rate);
    }
    Ok(rates)
}
