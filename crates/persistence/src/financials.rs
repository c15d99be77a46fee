//! Reading the balances of the ledger, as far as a caller sees the programs they are of.

use steerco_domain::Resource;
use steerco_domain::financials::{Balance, FinancialsGrouping, FinancialsQuery};
use steerco_domain::ledger_entry::LedgerAccount;
use steerco_domain::money::Currency;
use steerco_domain::program::Program;
use steerco_domain::resource::Kind;
use steerco_domain::time::Instant;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{Moment, push_from};
use crate::row::Row;
use crate::scope::Scope;
use crate::sql::Sql;

/// A sum in two parts, so that it is never beyond what the database counts to.
const SUMS: &str = "CAST(sum(b.units / 1000000) AS BIGINT), CAST(sum(b.units % 1000000) AS BIGINT), \
                    CAST(sum(b.entries) AS BIGINT)";

/// What is rolled up.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub kind: &'static Kind,
    pub id: &'a str,
}

/// The balances of a project, program or portfolio by what they are grouped by.
pub async fn list(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
) -> Result<Vec<Balance>, Fail> {
    let by_program = query.group_by.is_none_or(|group| group == FinancialsGrouping::Program);
    let whole = by_program && query.fiscal_year.is_none() && query.fiscal_period_id.is_none();
    let coarse = whole && moment == Moment::Now && subject.kind.name != "project";
    let column = match query.group_by {
        None => "''",
        Some(FinancialsGrouping::Program) => "b.program_id",
        Some(FinancialsGrouping::Project) => "b.project_id",
        Some(FinancialsGrouping::FiscalPeriod) => "b.fiscal_period_id",
        Some(FinancialsGrouping::CostCategory) => "b.cost_category_id",
        Some(FinancialsGrouping::Spend) => "b.spend",
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(column).push(" AS key, b.account, b.currency, ").push(SUMS).push(" FROM ");
    match moment {
        _ if coarse => sql.push("program_balance b"),
        Moment::Known { seq } => known(scope.org(), seq, &mut sql),
        _ => sql.push("balance b"),
    };
    sql.push(" WHERE b.org = ").text(scope.org()).push(" AND b.program_id IN (");
    programs(scope, subject, moment, &mut sql);
    sql.push(")");
    if subject.kind.name == "project" {
        sql.push(" AND b.project_id = ").text(subject.id);
    }
    if let Some(period) = query.fiscal_period_id {
        sql.push(" AND b.fiscal_period_id = ").text(period.to_string());
    }
    if let Some(year) = query.fiscal_year {
        sql.push(" AND b.fiscal_period_id IN (SELECT f.id FROM fiscal_period f WHERE f.org = ").text(scope.org());
        sql.push(" AND f.fiscal_year = ").int(year).push(")");
    }
    sql.push(" GROUP BY 1, 2, 3");
    conn.all(sql).await?.iter().map(read).collect()
}

/// The programs in sight below what is rolled up.
fn programs(scope: &Scope, subject: Subject<'_>, moment: Moment, sql: &mut Sql) {
    sql.push("SELECT t.id");
    push_from(scope, Program::KIND, moment, sql);
    match subject.kind.name {
        "portfolio" => sql.push(" AND t.deleted_at IS NULL AND t.portfolio_id = ").text(subject.id),
        "program" => sql.push(" AND t.id = ").text(subject.id),
        _ => {
            sql.push(" AND t.id IN (SELECT p.program_id FROM project p WHERE p.org = ").text(scope.org());
            sql.push(" AND p.id = ").text(subject.id).push(")")
        }
    };
}

/// Both sides of every entry up to this change of the log, as balances are. Who asks for what was, waits for the sum.
fn known<'a>(org: &str, seq: i64, sql: &'a mut Sql) -> &'a mut Sql {
    sql.push("(");
    for (account, sign, between) in [("debit_account", "", " UNION ALL "), ("credit_account", "-", ") b")] {
        sql.push("SELECT org, COALESCE(program_id, '') AS program_id, fiscal_period_id, ").push(account);
        sql.push(" AS account, amount_currency AS currency, COALESCE(project_id, '') AS project_id, ");
        sql.push("COALESCE(cost_category_id, '') AS cost_category_id, COALESCE(spend, '') AS spend, 1 AS entries, ");
        sql.push(sign).push("amount_amount AS units FROM ledger_entry WHERE org = ").text(org);
        sql.push(" AND seq <= ").int(seq).push(between);
    }
    sql
}

/// What the accounts of a period come to; what is forecast of it is no account of its books.
pub async fn of_period(conn: &Conn, org: &str, period: &str) -> Result<Vec<Balance>, Fail> {
    let mut sql = Sql::new("SELECT '' AS key, b.account, b.currency, ");
    sql.push(SUMS).push(" FROM balance b WHERE b.org = ").text(org).push(" AND b.fiscal_period_id = ").text(period);
    sql.push(" AND b.account NOT IN ('forecast', 'outlook') GROUP BY 1, 2, 3 ORDER BY 2, 3");
    conn.all(sql).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Balance, Fail> {
    let (account, currency): (String, String) = (row.get(1)?, row.get(2)?);
    let named = LedgerAccount::from_word(&account).zip(Currency::parse(&currency));
    let (account, currency) = named.ok_or_else(|| Fail::Broken(format!("a balance of {account} in {currency}")))?;
    let part = |i: usize| row.get::<i64>(i).map(i128::from);
    let units = part(3)? * 1_000_000 + part(4)?;
    Ok(Balance { key: row.get(0)?, account, currency, units, entries: row.get(5)? })
}

/// When the program in sight to which nothing was posted the longest had its last posting.
pub async fn oldest_input(conn: &Conn, scope: &Scope, subject: Subject<'_>) -> Result<Option<Instant>, Fail> {
    let mut sql =
        Sql::new("SELECT CAST(min(l.at) AS BIGINT) FROM (SELECT max(b.posted_at) AS at FROM program_balance b");
    sql.push(" WHERE b.org = ").text(scope.org()).push(" AND b.program_id IN (");
    programs(scope, subject, Moment::Now, &mut sql);
    sql.push(") GROUP BY b.program_id) l");
    let row = conn.one(sql).await?;
    let at = row.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten();
    Ok(at.map(Instant::from_micros))
}

/// Of how many programs in sight a forecast was submitted, and of how many not.
pub async fn count_forecasts(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    moment: Moment,
) -> Result<[i64; 2], Fail> {
    let mut sql = Sql::new("SELECT CAST(count(*) AS BIGINT), CAST(count(CASE WHEN EXISTS (SELECT 1 FROM forecast");
    sql.push(if let Moment::Known { .. } = moment { "_rev f" } else { " f" }).push(" WHERE f.org = ");
    sql.text(scope.org()).push(" AND f.program_id = p.id AND f.state <> 'draft'");
    if let Moment::Known { seq } = moment {
        sql.push(" AND f.seq <= ").int(seq).push(" AND f.until_seq > ").int(seq);
    }
    sql.push(") THEN 1 END) AS BIGINT) FROM (");
    programs(scope, subject, moment, &mut sql);
    sql.push(") p");
    let row = conn.one(sql).await?.ok_or_else(|| Fail::Broken("count gave no row".to_owned()))?;
    let (all, with): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok([with, all - with])
}

/// Whether money stands under this id, in one of the columns of the balances.
pub async fn is_used(conn: &Conn, org: &str, column: &str, id: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM balance WHERE org = ");
    sql.text(org).push(" AND ").push(column).push(" = ").text(id).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}
