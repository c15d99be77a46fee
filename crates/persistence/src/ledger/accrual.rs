//! Data of an accrual proposal: commitments, their entries after a period, and the accrual account up to it.

use std::collections::BTreeMap;

use steerco_domain::Resource;
use steerco_domain::accrual::{AccrualInput, Accrued, ReviewedAccrual};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::money::{Currency, Money};
use steerco_domain::program::Program;
use steerco_domain::time::Day;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{Moment, from};
use crate::scope::Scope;
use crate::sql::Sql;

/// Reads the current data.
pub async fn find(conn: &Conn, scope: &Scope, period: &FiscalPeriod) -> Result<AccrualInput, Fail> {
    let (org, entity) = (scope.org(), period.legal_entity_id.to_string());
    let (accrued, reviews) = (accrued(conn, org, period).await?, reviewed(conn, org, period).await?);
    let mut input = AccrualInput { accrued, reviews, ..AccrualInput::default() };
    let mut sql = Sql::new(" FROM commitment t WHERE t.org = ");
    sql.text(org).push(" AND t.legal_entity_id = ").text(&entity).push(" AND (t.received > t.invoiced OR t.id IN (");
    sql.push("SELECT l.commitment_id FROM ledger_entry l WHERE l.org = ").text(org);
    sql.push(" AND l.commitment_id IS NOT NULL AND l.entry_type = 'accrual' AND l.fiscal_period_id IN (");
    periods(&mut sql, org, period, true);
    sql.push("))) ORDER BY t.id");
    input.commitments = conn.resources(sql).await?;

    let mut sql = Sql::new("SELECT b.program_id, b.currency, CAST(sum(b.units / 1000000) AS BIGINT), ");
    sql.push("CAST(sum(b.units % 1000000) AS BIGINT) FROM balance b WHERE b.org = ").text(org);
    sql.push(" AND b.account = 'accrual' AND b.fiscal_period_id IN (");
    periods(&mut sql, org, period, false);
    sql.push(") GROUP BY 1, 2");
    for row in conn.all(sql).await? {
        let (program, code): (String, String) = (row.get(0)?, row.get(1)?);
        let currency =
            Currency::parse(&code).ok_or_else(|| Fail::broken(format!("a balance in the unknown currency {code}")))?;
        let part = |i: usize| row.get::<i64>(i).map(i128::from);
        input.balances.push((program, currency, part(2)? * 1_000_000 + part(3)?));
    }

    let mut sql = from(scope, Program::KIND, Moment::Now);
    sql.text.insert_str(0, "SELECT t.id");
    for row in conn.all(sql).await? {
        input.programs.insert(row.get(0)?);
    }
    Ok(input)
}

/// The periods of the company after this one, or up to it.
fn periods(sql: &mut Sql, org: &str, period: &FiscalPeriod, later: bool) {
    sql.push("SELECT f.id FROM fiscal_period f WHERE f.org = ").text(org).push(" AND f.legal_entity_id = ");
    sql.text(period.legal_entity_id.to_string()).push(if later { " AND NOT" } else { " AND" });
    // An adjustment period begins on the last day of the year, after the last regular one.
    sql.push(" (f.starts_on < ").text(period.starts_on.to_string()).push(" OR f.starts_on = ");
    sql.text(period.starts_on.to_string()).push(" AND f.number <= ").int(i64::from(period.number.get())).push(")");
}

/// Amounts that reviews accrued by entries of their own up to the period.
async fn reviewed(conn: &Conn, org: &str, period: &FiscalPeriod) -> Result<Vec<ReviewedAccrual>, Fail> {
    let mut sql = Sql::new(
        "SELECT e.review_id, e.engagement_id, e.program_id, e.amount_currency, CAST(sum(e.units) AS BIGINT), ",
    );
    sql.push("max(e.accrued_on) FROM (SELECT l.review_id, l.engagement_id, l.program_id, l.amount_currency, ");
    sql.push("CASE WHEN l.debit_account = 'accrual' THEN l.amount_amount ELSE -l.amount_amount END AS units, ");
    sql.push(
        "CASE WHEN l.debit_account = 'accrual' THEN l.posted_on END AS accrued_on FROM ledger_entry l WHERE l.org = ",
    );
    sql.text(org).push(" AND l.legal_entity_id = ").text(period.legal_entity_id.to_string());
    sql.push(" AND l.review_id IS NOT NULL AND l.commitment_id IS NULL AND l.entry_type = 'accrual'");
    sql.push(" AND l.fiscal_period_id IN (");
    periods(&mut sql, org, period, false);
    sql.push(")) e GROUP BY 1, 2, 3, 4 HAVING sum(e.units) <> 0 ORDER BY 1");
    let mut found = Vec::new();
    for row in conn.all(sql).await? {
        let id = |text: &str| Fail::broken(format!("an entry has the id {text}"));
        let (review, program, code): (String, String, String) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let (engagement, last): (Option<String>, Option<String>) = (row.get(1)?, row.get(5)?);
        let currency = Currency::parse(&code).ok_or_else(|| id(&code))?;
        found.push(ReviewedAccrual {
            review_id: Id::parse(&review).map_err(|_| id(&review))?,
            engagement_id: engagement.and_then(|engagement| Id::parse(&engagement).ok()),
            program_id: Id::parse(&program).map_err(|_| id(&program))?,
            amount: Money::new(row.get(4)?, currency),
            last_accepted_on: last.and_then(|day| Day::parse(&day)),
        });
    }
    Ok(found)
}

/// Amounts that the entries of commitments accrued after the period, and the last accrual up to it.
async fn accrued(conn: &Conn, org: &str, period: &FiscalPeriod) -> Result<BTreeMap<String, Accrued>, Fail> {
    let mut sql = Sql::new("SELECT e.commitment_id, CAST(sum(e.units / 1000000) AS BIGINT), ");
    sql.push(
        "CAST(sum(e.units % 1000000) AS BIGINT), max(e.accrued_on) FROM (SELECT l.commitment_id, CASE WHEN l.later = ",
    );
    sql.push("0 THEN 0 WHEN l.debit_account = 'accrual' THEN l.amount_amount ELSE -l.amount_amount END AS units, ");
    sql.push("CASE WHEN l.later = 0 AND l.debit_account = 'accrual' THEN l.posted_on END AS accrued_on FROM (");
    sql.push("SELECT r.*, CASE WHEN r.fiscal_period_id IN (");
    periods(&mut sql, org, period, true);
    sql.push(") THEN 1 ELSE 0 END AS later FROM ledger_entry r WHERE r.org = ").text(org);
    sql.push(" AND r.commitment_id IS NOT NULL AND r.entry_type = 'accrual' AND r.legal_entity_id = ");
    sql.text(period.legal_entity_id.to_string()).push(") l) e GROUP BY 1");
    let mut accrued = BTreeMap::new();
    for row in conn.all(sql).await? {
        let part = |i: usize| row.get::<i64>(i).map(i128::from);
        let last: Option<String> = row.get(3)?;
        let found = Accrued { later: part(1)? * 1_000_000 + part(2)?, last_on: last.and_then(|day| Day::parse(&day)) };
        accrued.insert(row.get(0)?, found);
    }
    Ok(accrued)
}
