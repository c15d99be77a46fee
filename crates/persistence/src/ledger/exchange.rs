//! Finds exchange rates.

use std::collections::{BTreeSet, HashMap};

pub use steerco_domain::exchange::Rates;
use steerco_domain::exchange::StoredRate;
use steerco_domain::exchange_rate::{ExchangeRate, ExchangeRateType};
use steerco_domain::money::Currency;
use steerco_domain::rate::Rate;
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// The rate of a series on a day.
pub async fn find(conn: &Conn, org: &str, series: &str, on: Day) -> Result<Option<ExchangeRate>, Fail> {
    let mut sql = Sql::new(" FROM exchange_rate t WHERE t.org = ");
    sql.text(org).push(" AND t.series = ").text(series).push(" AND t.effective_on = ").text(on.to_string());
    sql.push(" AND t.deleted_at IS NULL");
    Ok(conn.resources(sql).await?.pop())
}

/// The stored rates of these series and days: id and rate by series and day.
pub async fn list_stored(
    conn: &Conn,
    org: &str,
    keys: &[(String, String)],
) -> Result<HashMap<(String, String), (String, Rate)>, Fail> {
    let mut stored = HashMap::new();
    let names: BTreeSet<&str> = keys.iter().map(|(series, _)| series.as_str()).collect();
    let days = || keys.iter().map(|(_, day)| day.as_str());
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(stored) };
    let mut sql = Sql::new("SELECT t.series, t.effective_on, t.id, t.rate FROM exchange_rate t WHERE t.org = ");
    sql.text(org).push(" AND t.series IN (").texts(&names.into_iter().collect::<Vec<_>>());
    sql.push(") AND t.effective_on >= ").text(first).push(" AND t.effective_on <= ").text(last);
    sql.push(" AND t.deleted_at IS NULL");
    for row in conn.all(sql).await? {
        let rate = Rate::parse(&row.get::<String>(3)?).map_err(|_| Fail::broken("a stored rate cannot be read"))?;
        stored.insert((row.get(0)?, row.get(1)?), (row.get(2)?, rate));
    }
    Ok(stored)
}

/// Rates that a conversion needs.
#[derive(Clone, Debug)]
pub struct RateNeed {
    pub to: Currency,
    pub from: BTreeSet<Currency>,
    pub rate_type: ExchangeRateType,
    /// Sets of budget rates.
    pub rate_sets: BTreeSet<String>,
    /// The days whose last rates are needed, each as known after a change of the log.
    pub last: BTreeSet<(Day, i64)>,
    /// The first and last day whose spot rates an average is made of.
    pub means: Option<[Day; 2]>,
}

/// A series of rates.
struct Series {
    name: String,
    rate_type: ExchangeRateType,
    rate_set: String,
    base: Currency,
    quote: Currency,
}

impl Series {
    fn parse(name: &str) -> Option<Self> {
        let (named, pair) = name.rsplit_once(' ')?;
        let (rate_type, rate_set) = named.split_once(' ').unwrap_or((named, ""));
        let (base, quote) = pair.split_once('/')?;
        Some(Self {
            name: name.to_owned(),
            rate_type: ExchangeRateType::from_word(rate_type)?,
            rate_set: rate_set.to_owned(),
            base: Currency::parse(base)?,
            quote: Currency::parse(quote)?,
        })
    }

    /// The currency that it quotes beside this one.
    fn other(&self, than: Currency) -> Option<Currency> {
        match than {
            one if one == self.base => Some(self.quote),
            one if one == self.quote => Some(self.base),
            _ => None,
        }
    }
}

/// The rates of a conversion: for each day the last one of each series between the currencies, directly or through one
/// other, and for averages those of all days. Each is found by the index of its series.
pub async fn list(conn: &Conn, org: &str, need: &RateNeed) -> Result<Rates, Fail> {
    let mut rates = Rates::default();
    let series = list_series(conn, org, need).await?;
    if series.is_empty() {
        return Ok(rates);
    }
    let mut add = |series: &Series, on: &str, rate: &str, [since, until]: [i64; 2]| {
        let broken = || Fail::broken("a stored exchange rate has no day or value");
        let Series { rate_type, rate_set, base, quote, .. } = series;
        rates.add(StoredRate {
            rate_type: *rate_type,
            rate_set: rate_set.clone(),
            base: *base,
            quote: *quote,
            on: Day::parse(on).ok_or_else(broken)?,
            rate: Rate::parse(rate).map_err(|_| broken())?,
            since,
            until,
        });
        Ok::<(), Fail>(())
    };
    let of_name: HashMap<&str, &Series> = series.iter().map(|series| (series.name.as_str(), series)).collect();
    let names: Vec<&str> = series.iter().map(|series| series.name.as_str()).collect();
    if !need.last.is_empty() {
        // A scalar subquery is a seek in the index for each series and day on both databases.
        let mut sql = Sql::new("WITH n(series) AS (");
        sql.any_of(&names).push("), w(wanted_on, known) AS (");
        for (i, (on, seq)) in need.last.iter().enumerate() {
            sql.push(if i == 0 { "VALUES (" } else { ", (" }).text(on.to_string()).push(", ").int(*seq).push(")");
        }
        sql.push(
            ") SELECT DISTINCT n.series, (SELECT p.effective_on || ' ' || p.rate || ' ' || CAST(p.seq AS TEXT) || ",
        );
        sql.push("' ' || CAST(p.until_seq AS TEXT) FROM exchange_rate_rev p WHERE p.org = ").text(org);
        sql.push(" AND p.series = n.series AND p.effective_on <= w.wanted_on AND p.seq <= w.known AND ");
        sql.push("p.until_seq > w.known AND p.deleted_at IS NULL ORDER BY p.effective_on DESC LIMIT 1) FROM n, w");
        for row in conn.all(sql).await? {
            let Some(found) = row.get::<Option<String>>(1)? else { continue };
            let cells: Vec<&str> = found.split(' ').collect();
            let series = of_name.get(row.get::<String>(0)?.as_str()).copied();
            let (Some(series), [on, rate, since, until]) = (series, cells.as_slice()) else {
                return Err(Fail::broken("a stored exchange rate cannot be read"));
            };
            let seq = |text: &str| text.parse().map_err(|_| Fail::broken("a stored exchange rate has no change"));
            add(series, on, rate, [seq(since)?, seq(until)?])?;
        }
    }
    let spot: Vec<&str> =
        series.iter().filter(|it| it.rate_type == ExchangeRateType::Spot).map(|it| &*it.name).collect();
    if let Some([first, last]) = need.means.filter(|_| !spot.is_empty()) {
        let known = || need.last.iter().map(|(_, seq)| *seq);
        let (known_first, known_last) = (known().min().unwrap_or_default(), known().max().unwrap_or(i64::MAX));
        let mut sql = Sql::new("SELECT t.series, t.effective_on, t.rate, t.seq, t.until_seq FROM exchange_rate_rev t ");
        sql.push("WHERE t.org = ").text(org).push(" AND t.series IN (").texts(&spot).push(") AND t.effective_on >= ");
        sql.text(first.to_string()).push(" AND t.effective_on <= ").text(last.to_string());
        sql.push(" AND t.seq <= ").int(known_last).push(" AND t.until_seq > ").int(known_first);
        sql.push(" AND t.deleted_at IS NULL");
        for row in conn.all(sql).await? {
            let series = row.get::<String>(0)?;
            if let Some(series) = of_name.get(series.as_str()) {
                add(series, &row.get::<String>(1)?, &row.get::<String>(2)?, [row.get(3)?, row.get(4)?])?;
            }
        }
    }
    Ok(rates)
}

/// The series between the currencies of a conversion, directly or through one other.
async fn list_series(conn: &Conn, org: &str, need: &RateNeed) -> Result<Vec<Series>, Fail> {
    // One seek in the index for each series: `DISTINCT` would read every rate.
    let next = |sql: &mut Sql| {
        sql.push("(SELECT min(t.series) FROM exchange_rate_rev t WHERE t.org = ").text(org);
    };
    let mut sql = Sql::new("WITH RECURSIVE known(series) AS (SELECT ");
    next(&mut sql);
    sql.push(") UNION ALL SELECT ");
    next(&mut sql);
    sql.push(" AND t.series > known.series) FROM known WHERE known.series IS NOT NULL) ");
    sql.push("SELECT series FROM known WHERE series IS NOT NULL");
    let budget = need.rate_type == ExchangeRateType::Budget;
    let mut all = Vec::new();
    for row in conn.all(sql).await? {
        let series = Series::parse(&row.get::<String>(0)?);
        all.extend(series.filter(|series| {
            let of_type = series.rate_type == need.rate_type || (!budget && series.rate_type == ExchangeRateType::Spot);
            of_type && (!budget || need.rate_sets.contains(&series.rate_set))
        }));
    }
    let beside = |one: Currency| all.iter().filter_map(move |series| series.other(one)).collect::<BTreeSet<_>>();
    let to_hubs = beside(need.to);
    let from_hubs: Vec<(Currency, BTreeSet<Currency>)> = need.from.iter().map(|from| (*from, beside(*from))).collect();
    let is_needed = |series: &Series| {
        from_hubs.iter().any(|(from, hubs)| match (series.other(*from), series.other(need.to)) {
            (Some(other), _) if other == need.to => true,
            (Some(hub), _) => to_hubs.contains(&hub),
            (_, Some(hub)) => hubs.contains(&hub),
            (None, None) => false,
        })
    };
    let needed: Vec<bool> = all.iter().map(is_needed).collect();
    Ok(all.into_iter().zip(needed).filter_map(|(series, needed)| needed.then_some(series)).collect())
}

/// Whether a set of budget rates has any rate.
pub async fn has_set(conn: &Conn, org: &str, set: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM exchange_rate WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL AND rate_set = ").text(set).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}
