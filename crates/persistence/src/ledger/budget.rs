//! Queries on budgets: version numbers, the version in force, approved amounts by place, authority limits.

use std::collections::BTreeSet;

use steerco_domain::authority_limit::AuthorityLimit;
use steerco_domain::bridge::Movement;
use steerco_domain::budget::{Budget, BudgetCell};
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntryType};
use steerco_domain::money::Currency;
use steerco_domain::spend::Spend;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::row::Row;
use crate::sql::Sql;

/// ` FROM` the budgets of the same program, company and year.
fn series(sql: &mut Sql, org: &str, budget: &Budget) {
    sql.push(" FROM budget t WHERE t.org = ").text(org);
    sql.push(" AND t.program_id = ").text(budget.program_id.to_string());
    sql.push(" AND t.legal_entity_id = ").text(budget.legal_entity_id.to_string());
    sql.push(" AND t.fiscal_year = ").int(i64::from(budget.fiscal_year.get()));
}

/// The greatest version number of this budget.
pub async fn last_version(conn: &Conn, org: &str, budget: &Budget) -> Result<i32, Fail> {
    let mut sql = Sql::new("SELECT CAST(COALESCE(max(t.version), 0) AS BIGINT)");
    series(&mut sql, org, budget);
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("max gave no row"))?;
    Ok(i32::try_from(row.get::<i64>(0)?).unwrap_or(i32::MAX))
}

/// The version in force, locked.
pub async fn find_in_force(conn: &Conn, org: &str, budget: &Budget) -> Result<Option<Budget>, Fail> {
    let mut sql = Sql::new("");
    series(&mut sql, org, budget);
    sql.push(" AND t.state = 'approved' AND t.deleted_at IS NULL");
    if conn.is_postgres() {
        sql.push(" FOR NO KEY UPDATE OF t");
    }
    Ok(conn.resources(sql).await?.pop())
}

/// The accounts of approved amounts.
pub const APPROVED: &[LedgerAccount] =
    &[LedgerAccount::Budget, LedgerAccount::Contingency, LedgerAccount::ManagementReserve];

/// The amounts in these accounts for a program in these periods, by place.
pub async fn list_cells(
    conn: &Conn,
    org: &str,
    program: &str,
    periods: &BTreeSet<String>,
    accounts: &[LedgerAccount],
) -> Result<Vec<(BudgetCell, i64)>, Fail> {
    let periods: Vec<&str> = periods.iter().map(String::as_str).collect();
    let accounts: Vec<&str> = accounts.iter().map(|account| account.word()).collect();
    if periods.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT fiscal_period_id, account, currency, project_id, cost_category_id, spend, units ");
    sql.push("FROM balance WHERE org = ").text(org).push(" AND program_id = ").text(program);
    sql.push(" AND fiscal_period_id IN (").texts(&periods).push(") AND units <> 0");
    sql.push(" AND account IN (").texts(&accounts).push(")");
    sql.push(" ORDER BY fiscal_period_id, account, currency, project_id, cost_category_id, spend");
    conn.all(sql).await?.iter().map(read_cell).collect()
}

fn read_cell(row: &Row) -> Result<(BudgetCell, i64), Fail> {
    let text = |i: usize| row.get::<String>(i);
    let broken = |what: &str| Fail::broken(format!("a balance has an invalid {what}"));
    let cell = BudgetCell {
        fiscal_period_id: id(&text(0)?)?.ok_or_else(|| broken("period"))?,
        account: LedgerAccount::from_word(&text(1)?).ok_or_else(|| broken("account"))?,
        currency: Currency::parse(&text(2)?).ok_or_else(|| broken("currency"))?,
        project_id: id(&text(3)?)?,
        cost_category_id: id(&text(4)?)?,
        spend: Spend::from_word(&text(5)?),
    };
    Ok((cell, row.get(6)?))
}

/// The id in this text; none if it is empty.
fn id<T: steerco_domain::id::HasId>(text: &str) -> Result<Option<Id<T>>, Fail> {
    if text.is_empty() { Ok(None) } else { Id::parse(text).map(Some).map_err(|cause| Fail::broken(cause)) }
}

/// The authority limits.
pub async fn list_limits(conn: &Conn, org: &str) -> Result<Vec<AuthorityLimit>, Fail> {
    let mut sql = Sql::new(" FROM authority_limit t WHERE t.org = ");
    sql.text(org).push(" AND t.deleted_at IS NULL");
    conn.resources(sql).await
}

/// The log entry that approved a version; none while it is not approved.
pub async fn find_approval(conn: &Conn, org: &str, budget: &Budget) -> Result<Option<i64>, Fail> {
    let mut sql = Sql::new("SELECT CAST(max(seq) AS BIGINT) FROM log WHERE org = ");
    sql.text(org).push(" AND resource_id = ").text(budget.id.to_string()).push(" AND operation = 'budget.approve'");
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.flatten())
}

/// The last change of a version.
pub async fn find_last_change(conn: &Conn, org: &str, budget: &Budget) -> Result<Option<i64>, Fail> {
    let mut sql = Sql::new("SELECT CAST(max(seq) AS BIGINT) FROM budget_rev WHERE org = ");
    sql.text(org).push(" AND id = ").text(budget.id.to_string());
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.flatten())
}

/// The hashes of these log entries, in order.
pub async fn list_hashes(conn: &Conn, org: &str, changes: &BTreeSet<i64>) -> Result<Vec<String>, Fail> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT hash FROM log WHERE org = ");
    sql.text(org).push(" AND seq IN (");
    for (i, change) in changes.iter().enumerate() {
        sql.push(if i == 0 { "" } else { ", " }).int(*change);
    }
    sql.push(") ORDER BY seq");
    conn.all(sql).await?.iter().map(|row| row.get(0)).collect()
}

/// Amounts that approvals moved in the places of a budget after one log entry up to another, in order. The event of each
/// is identified by the hash of its log entry.
pub async fn list_movements(
    conn: &Conn,
    org: &str,
    budget: &Budget,
    [after, until]: [i64; 2],
) -> Result<Vec<Movement>, Fail> {
    let mut sql = Sql::new("SELECT b.account, b.currency, b.entry_type, b.approved_id, l.hash, ");
    sql.push(
        "CAST(sum(b.units / 1000000) AS BIGINT), CAST(sum(b.units % 1000000) AS BIGINT), b.fiscal_period_id, l.seq ",
    );
    sql.push("FROM (");
    for (account, sign, between) in [("debit_account", "", " UNION ALL "), ("credit_account", "-", ") b")] {
        sql.push("SELECT org, seq, ").push(account).push(" AS account, amount_currency AS currency, entry_type, ");
        sql.push("fiscal_period_id, COALESCE(budget_id, budget_transfer_id) AS approved_id, ").push(sign);
        sql.push("amount_amount AS units ");
        sql.push("FROM ledger_entry WHERE org = ").text(org);
        sql.push(" AND program_id = ").text(budget.program_id.to_string()).push(" AND seq > ").int(after);
        sql.push(" AND seq <= ").int(until).push(" AND fiscal_period_id IN (SELECT id FROM fiscal_period WHERE org = ");
        sql.text(org).push(" AND legal_entity_id = ").text(budget.legal_entity_id.to_string());
        sql.push(" AND fiscal_year = ").int(i64::from(budget.fiscal_year.get())).push(")").push(between);
    }
    sql.push(" JOIN log l ON l.org = b.org AND l.seq = b.seq");
    sql.push(" WHERE b.account IN ('budget', 'contingency', 'management_reserve')");
    sql.push(" GROUP BY l.seq, l.hash, b.account, b.currency, b.entry_type, b.approved_id, b.fiscal_period_id");
    sql.push(" ORDER BY l.seq, b.account, b.fiscal_period_id");
    conn.all(sql).await?.iter().map(read_movement).collect()
}

fn read_movement(row: &Row) -> Result<Movement, Fail> {
    let text = |i: usize| row.get::<String>(i);
    let broken = || Fail::broken("an entry of a budget cannot be read");
    let part = |i: usize| row.get::<i64>(i).map(i128::from);
    Ok(Movement {
        account: LedgerAccount::from_word(&text(0)?).ok_or_else(broken)?,
        currency: Currency::parse(&text(1)?).ok_or_else(broken)?,
        entry_type: LedgerEntryType::from_word(&text(2)?).ok_or_else(broken)?,
        approved_id: text(3)?,
        event_id: text(4)?,
        units: part(5)? * 1_000_000 + part(6)?,
        fiscal_period_id: id(&text(7)?)?.ok_or_else(broken)?,
        seq: row.get(8)?,
    })
}
