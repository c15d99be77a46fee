//! Finds exchange rates.

use std::collections::BTreeSet;

use steerco_domain::Resource;
pub use steerco_domain::exchange::Rates;
use steerco_domain::exchange::StoredRate;
use steerco_domain::exchange_rate::{ConvertAmounts, ExchangeRate, ExchangeRateType, series};
use steerco_domain::money::Currency;
use steerco_domain::text::Code;
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::flush::OPEN;
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

/// Every rate that a conversion may need: for each series that quotes one of the currencies, the rates from the first to
/// the last day, and the last one before.
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
    // The last rate before is also searched as known then.
    match moment {
        Moment::Known { seq } => {
            sql.push("exchange_rate_rev p WHERE p.seq <= ").int(seq).push(" AND p.until_seq > ").int(seq).push(" AND ")
        }
        _ => sql.push("exchange_rate p WHERE "),
    };
    sql.push("p.org = t.org AND p.deleted_at IS NULL AND p.series = t.series AND p.effective_on <= ");
    sql.text(first.to_string()).push("), '')");
    for rate in conn.resources::<ExchangeRate>(sql).await? {
        rates.add(StoredRate::new(&rate, 0, OPEN));
    }
    Ok(rates)
}

/// Rates that a conversion of balances may need.
#[derive(Clone, Debug)]
pub struct RateNeed {
    pub to: Currency,
    pub from: BTreeSet<Currency>,
    pub rate_type: ExchangeRateType,
    /// Sets of budget rates.
    pub rate_sets: BTreeSet<String>,
    /// First and last day.
    pub days: [Day; 2],
    /// The earliest and latest log entry after which amounts are converted.
    pub known: [i64; 2],
}

/// Every version of the rates that quote one of these currencies in the target currency, for the days from first to last,
/// and the last one before; with `through`, of every pair that one of them is quoted in.
pub async fn list_versions(conn: &Conn, org: &str, need: &RateNeed, through: bool) -> Result<Rates, Fail> {
    let mut rates = Rates::default();
    let mut types = vec![need.rate_type];
    types.extend((need.rate_type != ExchangeRateType::Budget).then_some(ExchangeRateType::Spot));
    let mut sql = Sql::new(" FROM exchange_rate_rev t WHERE t.org = ");
    sql.text(org).push(" AND t.deleted_at IS NULL AND t.effective_on <= ").text(need.days[1].to_string());
    if through {
        let currencies: Vec<&str> = need.from.iter().chain([&need.to]).map(|currency| currency.code()).collect();
        let types: Vec<&str> = types.iter().map(|rate_type| rate_type.word()).collect();
        sql.push(" AND t.rate_type IN (").texts(&types).push(") AND (t.base_currency IN (").texts(&currencies);
        sql.push(") OR t.quote_currency IN (").texts(&currencies).push("))");
    } else {
        let names = names(need, &types);
        if names.is_empty() {
            return Ok(rates);
        }
        sql.push(" AND t.series IN (").texts(&names).push(")");
    }
    // Rates before the latest version that was known over the whole range, effective on or before the first day, are not
    // needed.
    let [known_first, known_last] = need.known;
    sql.push(
        " AND t.effective_on >= COALESCE((SELECT max(p.effective_on) FROM exchange_rate_rev p WHERE p.org = t.org",
    );
    sql.push(" AND p.series = t.series AND p.deleted_at IS NULL AND p.seq <= ").int(known_first);
    sql.push(" AND p.until_seq > ").int(known_last).push(" AND p.effective_on <= ").text(need.days[0].to_string());
    sql.push("), '')");
    for version in conn.versions(ExchangeRate::KIND, sql).await? {
        rates.add(StoredRate::new(&version.resource.typed()?, version.seq, version.until));
    }
    Ok(rates)
}

/// The names of the series that quote each currency in the target currency, in either direction.
fn names(need: &RateNeed, types: &[ExchangeRateType]) -> Vec<String> {
    let mut names = Vec::new();
    for from in &need.from {
        for pair in [[*from, need.to], [need.to, *from]] {
            for rate_type in types {
                if *rate_type == ExchangeRateType::Budget {
                    let sets = need.rate_sets.iter().filter_map(|set| Code::parse(set));
                    names.extend(sets.map(|set| series(*rate_type, Some(&set), pair[0], pair[1])));
                } else {
                    names.push(series(*rate_type, None, pair[0], pair[1]));
                }
            }
        }
    }
    names
}

/// Whether a set of budget rates has any rate.
pub async fn has_set(conn: &Conn, org: &str, set: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM exchange_rate WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL AND rate_set = ").text(set).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}
