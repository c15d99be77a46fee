//! The ledger data of a source in a period: by identifier, in total, and as balances.

use std::collections::BTreeMap;

use steerco_domain::money::Currency;
use steerco_domain::reconciliation::Found;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::financials;
use crate::row::Row;
use crate::sql::Sql;

/// Both sides of the entries of a period in the cost and suspense accounts, as `e`.
fn entries(sql: &mut Sql, org: &str, period: &str) {
    sql.push("FROM (");
    for (account, sign, between) in [("debit_account", "", " UNION ALL "), ("credit_account", "-", ") e")] {
        sql.push("SELECT source, external_id, amount_currency AS currency, ").push(sign).push("amount_amount AS units");
        sql.push(" FROM ledger_entry WHERE org = ").text(org).push(" AND fiscal_period_id = ").text(period);
        sql.push(" AND ").push(account).push(" IN ('cost', 'suspense')").push(between);
    }
}

const SUMS: &str = "CAST(sum(e.units / 1000000) AS BIGINT), CAST(sum(e.units % 1000000) AS BIGINT) ";

/// The data to compare a statement with; `rows` includes each identifier.
pub async fn find(conn: &Conn, org: &str, period: &str, source: &str, rows: bool) -> Result<Found, Fail> {
    let mut found = Found::default();
    let mut sql = Sql::new("SELECT CAST(CASE WHEN e.source = ");
    sql.text(source).push(" THEN 1 ELSE 0 END AS BIGINT), e.currency, ").push(SUMS);
    entries(&mut sql, org, period);
    sql.push(" GROUP BY 1, 2");
    let mut others: BTreeMap<&'static str, i128> = BTreeMap::new();
    for row in conn.all(sql).await? {
        let own: i64 = row.get(0)?;
        let sums = if own == 1 { &mut found.entries } else { &mut others };
        sums.insert(currency(&row, 1)?, units(&row, 2)?);
    }
    for balance in financials::of_period(conn, org, period).await? {
        use steerco_domain::ledger_entry::LedgerAccount::{Cost, Suspense};
        if matches!(balance.account, Cost | Suspense) {
            *found.balances.entry(balance.currency.code()).or_default() += balance.units;
        }
    }
    for (code, units) in others {
        *found.balances.entry(code).or_default() -= units;
    }
    if rows {
        let mut sql = Sql::new("SELECT e.external_id, e.currency, ");
        sql.push(SUMS);
        entries(&mut sql, org, period);
        sql.push(" WHERE e.source = ").text(source).push(" GROUP BY 1, 2");
        for row in conn.all(sql).await? {
            found.rows.insert((row.get(0)?, currency(&row, 1)?), units(&row, 2)?);
        }
    }
    Ok(found)
}

fn currency(row: &Row, at: usize) -> Result<&'static str, Fail> {
    let code: String = row.get(at)?;
    let known = Currency::parse(&code).map(Currency::code);
    known.ok_or_else(|| Fail::broken(format!("an entry has the unknown currency {code}")))
}

fn units(row: &Row, at: usize) -> Result<i128, Fail> {
    let part = |i: usize| row.get::<i64>(i).map(i128::from);
    Ok(part(at)? * 1_000_000 + part(at + 1)?)
}
