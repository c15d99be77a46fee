//! Reads balances at the detail at which they are converted, and the data that select their rates.

use std::collections::{BTreeSet, HashMap};

use steerco_domain::Resource;
use steerco_domain::exchange::NOW;
use steerco_domain::exchange_rate::ExchangeRateType;
use steerco_domain::financials::{Balance, FinancialsGrouping, FinancialsQuery};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::money::Currency;
use steerco_domain::time::{Day, Instant};
use steerco_domain::translation::{BudgetRates, PeriodRates, Position};

use crate::conn::Conn;
use crate::fail::Fail;
use crate::financials::{Books, SUMS, Subject, column, programs, push_asked, read};
use crate::query::{Moment, push_from};
use crate::row::Row;
use crate::scope::Scope;
use crate::sql::Sql;

/// Arguments of positions in addition to those of balances.
#[derive(Clone, Copy)]
pub struct Positions<'a> {
    /// The target currency, and the other currencies.
    pub to: Currency,
    pub from: &'a BTreeSet<Currency>,
    pub rate_type: ExchangeRateType,
    /// Whether each program has its own rates.
    pub by_program: bool,
}

/// The balances in other currencies than the target, at the detail at which they are converted.
pub async fn list_positions(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
    wanted: Positions<'_>,
) -> Result<Vec<Position>, Fail> {
    if wanted.from.is_empty() {
        return Ok(Vec::new());
    }
    let by_day = wanted.rate_type == ExchangeRateType::Spot;
    let kept_by_day = subject.kind.name != "project"
        && matches!(query.group_by, None | Some(FinancialsGrouping::Program | FinancialsGrouping::FiscalPeriod));
    let finer = by_day || has_stated(conn, scope, subject, wanted.to).await?;
    let books = match moment {
        Moment::Known { seq } => Books::Entries(seq),
        _ if finer && kept_by_day => Books::Days,
        _ if finer && query.group_by != Some(FinancialsGrouping::Vendor) => Books::PlaceDays,
        _ if finer => Books::Entries(i64::MAX),
        _ if query.group_by == Some(FinancialsGrouping::Vendor) => Books::Vendors,
        _ => Books::Places,
    };
    let mut found = read_positions(conn, scope, subject, query, (books, moment), wanted).await?;
    if query.counts.requests {
        let requests = read_positions(conn, scope, subject, query, (Books::Requests, moment), wanted).await?;
        found.extend(requests.into_iter().map(|it| Position { requested: true, ..it }));
    }
    Ok(found)
}

async fn read_positions(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    (books, moment): (Books, Moment),
    wanted: Positions<'_>,
) -> Result<Vec<Position>, Fail> {
    let states = matches!(books, Books::Days | Books::PlaceDays | Books::Entries(_));
    let mut sql = Sql::new("SELECT ");
    sql.push(column(query.group_by)).push(" AS key, b.account, b.currency, ").push(SUMS).push(", b.fiscal_period_id, ");
    sql.push(if wanted.by_program { "b.program_id, " } else { "'', " });
    sql.push(if wanted.rate_type == ExchangeRateType::Spot { "b.posted_on, " } else { "'', " });
    if states {
        let to = wanted.to.code();
        let case = |sql: &mut Sql, local: &str, group: &str| {
            sql.push("CASE WHEN b.local_currency = ").text(to).push(" THEN ").push(local);
            sql.push(" WHEN b.group_currency = ").text(to).push(" THEN ").push(group).push(" ELSE 0 END");
        };
        sql.push("CAST(");
        case(&mut sql, "1", "1");
        sql.push(" AS BIGINT)");
        for part in ["/", "%"] {
            sql.push(", CAST(sum(");
            case(&mut sql, &format!("b.local_units {part} 1000000"), &format!("b.group_units {part} 1000000"));
            sql.push(") AS BIGINT)");
        }
    } else {
        sql.push("CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)");
    }
    push_asked(scope, subject, query, (books, moment), &mut sql);
    let codes: Vec<&str> = wanted.from.iter().map(|currency| currency.code()).collect();
    sql.push(" AND b.currency IN (").texts(&codes).push(") GROUP BY 1, 2, 3, 7, 8, 9, 10");
    conn.all(sql).await?.iter().map(read_position).collect()
}

fn read_position(row: &Row) -> Result<Position, Fail> {
    let Balance { key, account, currency, units, entries, requested } = read(row)?;
    let stated: i64 = row.get(9)?;
    let part = |i: usize| row.get::<i64>(i).map(i128::from);
    Ok(Position {
        key,
        account,
        currency,
        fiscal_period_id: row.get(6)?,
        program_id: row.get(7)?,
        posted_on: Day::parse(&row.get::<String>(8)?),
        units,
        stated: if stated == 1 { Some(part(10)? * 1_000_000 + part(11)?) } else { None },
        entries,
        requested,
    })
}

/// Whether a ledger system stated any amounts in this currency.
async fn has_stated(conn: &Conn, scope: &Scope, subject: Subject<'_>, to: Currency) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM day_balance b WHERE b.org = ");
    sql.text(scope.org()).push(" AND (b.local_currency = ").text(to.code()).push(" OR b.group_currency = ");
    sql.text(to.code()).push(") AND (b.local_currency <> '' OR b.group_currency <> '') AND b.program_id IN (");
    programs(scope, subject, Moment::Now, &mut sql);
    sql.push(") LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}

/// The data of these periods that select the rates.
pub async fn list_period_rates(
    conn: &Conn,
    scope: &Scope,
    ids: &BTreeSet<&str>,
    moment: Moment,
) -> Result<HashMap<String, PeriodRates>, Fail> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let last = if let Moment::Known { seq } = moment { seq } else { NOW };
    let mut sql = Sql::new("SELECT t.id, t.legal_entity_id, t.fiscal_year, t.starts_on, t.ends_on, ");
    // For a closed period the change that closed it; later changes of its row do not count.
    sql.push("CASE WHEN t.state = 'closed' THEN (SELECT CAST(min(r.seq) AS BIGINT) FROM fiscal_period_rev r WHERE ");
    sql.push("r.org = t.org AND r.id = t.id AND r.state = 'closed' AND r.closed_at = t.closed_at) END, ");
    sql.push("CASE WHEN t.state = 'closed' THEN t.closed_at END");
    push_from(scope, FiscalPeriod::KIND, moment, &mut sql);
    let ids: Vec<&str> = ids.iter().copied().collect();
    sql.push(" AND t.id IN (").any_of(&ids).push(")");
    let broken = || Fail::broken("a fiscal period has an invalid day");
    let mut found = HashMap::new();
    for row in conn.all(sql).await? {
        let day = |i: usize| Day::parse(&row.get::<String>(i)?).ok_or_else(broken);
        let period = PeriodRates {
            legal_entity_id: row.get(1)?,
            fiscal_year: row.get(2)?,
            starts_on: day(3)?,
            ends_on: day(4)?,
            seq: row.get::<Option<i64>>(5)?.unwrap_or(last),
            closed_on: row.get::<Option<i64>>(6)?.map(|at| Instant::from_micros(at).day()),
        };
        found.insert(row.get(0)?, period);
    }
    Ok(found)
}

/// The rate sets of the budgets of these programs while they were in force.
pub async fn list_budget_rates(conn: &Conn, org: &str, programs: &BTreeSet<&str>) -> Result<Vec<BudgetRates>, Fail> {
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    let programs: Vec<&str> = programs.iter().copied().collect();
    let mut sql =
        Sql::new("SELECT program_id, legal_entity_id, fiscal_year, rate_set, seq, until_seq FROM budget_rev ");
    sql.push("WHERE org = ").text(org).push(" AND state = 'approved' AND rate_set IS NOT NULL AND deleted_at IS NULL");
    sql.push(" AND program_id IN (").any_of(&programs).push(")");
    let read = |row: &Row| {
        Ok(BudgetRates {
            program_id: row.get(0)?,
            legal_entity_id: row.get(1)?,
            fiscal_year: row.get(2)?,
            rate_set: row.get(3)?,
            since: row.get(4)?,
            until: row.get(5)?,
        })
    };
    conn.all(sql).await?.iter().map(read).collect()
}

/// The currency of the portfolio of a resource.
pub async fn base_currency(conn: &Conn, org: &str, subject: Subject<'_>) -> Result<Option<Currency>, Fail> {
    let mut sql = Sql::new("SELECT o.base_currency FROM portfolio o WHERE o.org = ");
    sql.text(org).push(" AND o.id = ");
    match subject.kind.name {
        "portfolio" => sql.text(subject.id),
        "program" => {
            sql.push("(SELECT p.portfolio_id FROM program p WHERE p.org = ").text(org);
            sql.push(" AND p.id = ").text(subject.id).push(")")
        }
        _ => {
            sql.push("(SELECT p.portfolio_id FROM program p JOIN project j ON j.org = p.org AND j.program_id = p.id");
            sql.push(" WHERE j.org = ").text(org).push(" AND j.id = ").text(subject.id).push(")")
        }
    };
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get::<String>(0)).transpose()?.and_then(|code| Currency::parse(&code)))
}
