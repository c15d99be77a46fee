//! Reads the balances of the ledger for the programs that are visible to a caller.

use steerco_domain::Resource;
use steerco_domain::financials::{Balance, FinancialsGrouping, FinancialsQuery};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::ledger_entry::LedgerAccount;
use steerco_domain::money::Currency;
use steerco_domain::program::Program;
use steerco_domain::resource::Kind;
use steerco_domain::source::{Cadence, Source};
use steerco_domain::text::Code;
use steerco_domain::time::Instant;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{Moment, push_from};
use crate::row::Row;
use crate::scope::Scope;
use crate::sql::Sql;

/// A sum in two parts, so that it does not exceed the range of the database.
pub(crate) const SUMS: &str = "CAST(sum(b.units / 1000000) AS BIGINT), CAST(sum(b.units % 1000000) AS BIGINT), \
                    CAST(sum(b.entries) AS BIGINT)";

/// The resource that is rolled up.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub kind: &'static Kind,
    pub id: &'a str,
}

/// Source of sums.
#[derive(Clone, Copy)]
pub(crate) enum Books {
    /// Balances by program.
    Programs,
    /// Balances by place.
    Places,
    /// Balances by day of posting.
    Days,
    /// Balances by place and day of posting.
    PlaceDays,
    /// Balances by vendor.
    Vendors,
    /// Summed from the entries up to this log entry, which takes longer.
    Entries(i64),
    /// The single entries, up to this log entry.
    Lines(i64),
    /// Amounts requested but not ordered.
    Requests,
}

impl Books {
    fn push(self, org: &str, moment: Moment, sql: &mut Sql) {
        match self {
            Self::Programs => sql.push("program_balance b"),
            Self::Places => sql.push("balance b"),
            Self::Days => sql.push("day_balance b"),
            Self::PlaceDays => sql.push("place_day_balance b"),
            Self::Vendors => sql.push("vendor_balance b"),
            Self::Entries(seq) => push_entries(org, seq, sql),
            Self::Lines(seq) => {
                sql.push("(SELECT org, id, program_id, fiscal_period_id, project_id, cost_category_id, spend, ");
                sql.push(
                    "source, vendor_reference, engagement_id, COALESCE(commitment_id, invoiced_commitment_id) AS commitment_id, ",
                );
                sql.push("debit_account, credit_account, seq AS entry_seq FROM ledger_entry WHERE org = ").text(org);
                sql.push(" AND seq <= ").int(seq).push(") b")
            }
            Self::Requests => push_requests(org, moment, sql),
        };
    }
}

/// The column that sums are grouped by.
pub(crate) fn column(group_by: Option<FinancialsGrouping>) -> &'static str {
    match group_by {
        None => "''",
        Some(FinancialsGrouping::Program) => "b.program_id",
        Some(FinancialsGrouping::Project) => "b.project_id",
        Some(FinancialsGrouping::FiscalPeriod) => "b.fiscal_period_id",
        Some(FinancialsGrouping::CostCategory) => "b.cost_category_id",
        Some(FinancialsGrouping::Spend) => "b.spend",
        Some(FinancialsGrouping::Vendor) => "COALESCE(v_engagement.partner_id, v_ref.resource_id, b.vendor_reference)",
    }
}

/// Joins the partner of an accepted milestone or a commitment, and the partner that a source identifies by a reference.
const VENDORS: &str = " LEFT JOIN commitment v_commitment ON v_commitment.org = b.org AND v_commitment.id = \
    b.commitment_id LEFT JOIN engagement v_engagement ON v_engagement.org = b.org AND v_engagement.id = \
    COALESCE(NULLIF(b.engagement_id, ''), v_commitment.engagement_id) LEFT JOIN external_ref v_ref ON \
    v_ref.org = b.org AND v_ref.kind = 'partner' AND v_ref.source = b.source AND \
    v_ref.external_id = b.vendor_reference";

/// ` FROM` the sums, with the conditions of the request.
pub(crate) fn push_asked(
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    (books, moment): (Books, Moment),
    sql: &mut Sql,
) {
    sql.push(" FROM ");
    books.push(scope.org(), moment, sql);
    if query.group_by == Some(FinancialsGrouping::Vendor) {
        sql.push(VENDORS);
    }
    sql.push(" WHERE b.org = ").text(scope.org()).push(" AND b.program_id IN (");
    programs(scope, subject, moment, sql);
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
}

/// The balances of a project, program or portfolio by group.
pub async fn list(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
) -> Result<Vec<Balance>, Fail> {
    let by_program = query.group_by.is_none_or(|group| group == FinancialsGrouping::Program);
    let whole = by_program && query.fiscal_year.is_none() && query.fiscal_period_id.is_none();
    let books = match moment {
        Moment::Known { seq } => Books::Entries(seq),
        _ if query.group_by == Some(FinancialsGrouping::Vendor) => Books::Vendors,
        _ if whole && subject.kind.name != "project" => Books::Programs,
        _ => Books::Places,
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(column(query.group_by)).push(" AS key, b.account, b.currency, ").push(SUMS);
    push_asked(scope, subject, query, (books, moment), &mut sql);
    sql.push(" GROUP BY 1, 2, 3");
    conn.all(sql).await?.iter().map(read).collect()
}

/// Amounts requested but not ordered, by group. They are in no account yet, so they are read from commitments.
pub async fn list_requests(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
) -> Result<Vec<Balance>, Fail> {
    let mut sql = Sql::new("SELECT ");
    sql.push(column(query.group_by)).push(" AS key, b.account, b.currency, ").push(SUMS);
    push_asked(scope, subject, query, (Books::Requests, moment), &mut sql);
    sql.push(" GROUP BY 1, 2, 3");
    let request = |row: &Row| Ok(Balance { requested: true, ..read(row)? });
    conn.all(sql).await?.iter().map(request).collect()
}

/// Commitments with the part of their request that is not ordered, in the form of balances. They have no posting day.
fn push_requests<'a>(org: &str, moment: Moment, sql: &'a mut Sql) -> &'a mut Sql {
    sql.push("(SELECT org, program_id, fiscal_period_id, 'commitment' AS account, requested_currency AS currency, ");
    sql.push("COALESCE(project_id, '') AS project_id, COALESCE(cost_category_id, '') AS cost_category_id, ");
    sql.push("COALESCE(spend, '') AS spend, '' AS posted_on, '' AS source, '' AS vendor_reference, ");
    sql.push("id AS commitment_id, COALESCE(engagement_id, '') AS engagement_id, ");
    sql.push("requested_amount - committed AS units, 0 AS entries FROM commitment");
    sql.push(if let Moment::Known { .. } = moment { "_rev" } else { "" }).push(" WHERE org = ").text(org);
    sql.push(" AND requested_amount > committed AND cancelled_at IS NULL AND final_invoice = 0 AND deleted_at IS NULL");
    if let Moment::Known { seq } = moment {
        sql.push(" AND seq <= ").int(seq).push(" AND until_seq > ").int(seq);
    }
    sql.push(") b")
}

/// Whether a period is closed.
pub async fn is_closed(conn: &Conn, scope: &Scope, id: &str, moment: Moment) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1");
    push_from(scope, FiscalPeriod::KIND, moment, &mut sql);
    sql.push(" AND t.state = 'closed' AND t.id = ").text(id);
    Ok(conn.one(sql).await?.is_some())
}

/// The visible programs of the resource that is rolled up.
pub(crate) fn programs(scope: &Scope, subject: Subject<'_>, moment: Moment, sql: &mut Sql) {
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

/// Both sides of every entry up to this log entry, in the form of balances.
fn push_entries<'a>(org: &str, seq: i64, sql: &'a mut Sql) -> &'a mut Sql {
    sql.push("(");
    for (account, sign, between) in [("debit_account", "", " UNION ALL "), ("credit_account", "-", ") b")] {
        sql.push("SELECT org, COALESCE(program_id, '') AS program_id, fiscal_period_id, ").push(account);
        sql.push(" AS account, amount_currency AS currency, COALESCE(project_id, '') AS project_id, ");
        sql.push("COALESCE(cost_category_id, '') AS cost_category_id, COALESCE(spend, '') AS spend, posted_on, ");
        sql.push(VENDOR).push("COALESCE(local_amount_currency, '') AS local_currency, ");
        sql.push("COALESCE(group_amount_currency, '') AS group_currency, ");
        sql.push(sign).push("COALESCE(local_amount_amount, 0) AS local_units, ");
        sql.push(sign).push("COALESCE(group_amount_amount, 0) AS group_units, ");
        sql.push(sign).push("amount_amount AS units, 1 AS entries FROM ledger_entry WHERE org = ").text(org);
        sql.push(" AND seq <= ").int(seq).push(between);
    }
    sql
}

/// The vendor of an entry.
const VENDOR: &str = "COALESCE(source, '') AS source, COALESCE(vendor_reference, '') AS vendor_reference, \
    COALESCE(commitment_id, invoiced_commitment_id, '') AS commitment_id, \
    COALESCE(engagement_id, '') AS engagement_id, ";

/// The sources of actuals with a cadence, and the time of their last delivery.
pub async fn list_deliveries(
    conn: &Conn,
    scope: &Scope,
    moment: Moment,
    now: Instant,
) -> Result<Vec<(Code, Cadence, Instant)>, Fail> {
    let mut sql = Sql::new("SELECT t.code, t.cadence, (SELECT CAST(max(a.created_at) AS BIGINT) FROM actuals_batch a");
    sql.push(" WHERE a.org = t.org AND a.source = t.code AND a.created_at <= ").int(now.micros()).push(")");
    push_from(scope, Source::KIND, moment, &mut sql);
    sql.push(" AND t.deleted_at IS NULL AND t.cadence IS NOT NULL ORDER BY t.code");
    let mut found = Vec::new();
    for row in conn.all(sql).await? {
        let (code, cadence): (String, String) = (row.get(0)?, row.get(1)?);
        let Some(at) = row.get::<Option<i64>>(2)? else { continue };
        let named = Code::parse(&code).zip(Cadence::from_word(&cadence));
        let (code, cadence) =
            named.ok_or_else(|| Fail::broken(format!("the source {code} has the unknown cadence {cadence}")))?;
        found.push((code, cadence, Instant::from_micros(at)));
    }
    Ok(found)
}

/// Whether a source has ever delivered to a program of a resource.
pub async fn is_fed_by(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    moment: Moment,
    source: &Code,
) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM vendor_balance b WHERE b.org = ");
    sql.text(scope.org()).push(" AND b.source = ").text(source.as_str()).push(" AND b.program_id IN (");
    programs(scope, subject, moment, &mut sql);
    sql.push(") LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}

/// The totals of the accounts of a period, without forecasts, which are not part of the books.
pub async fn of_period(conn: &Conn, org: &str, period: &str) -> Result<Vec<Balance>, Fail> {
    let mut sql = Sql::new("SELECT '' AS key, b.account, b.currency, ");
    sql.push(SUMS).push(" FROM balance b WHERE b.org = ").text(org).push(" AND b.fiscal_period_id = ").text(period);
    sql.push(" AND b.account NOT IN ('forecast', 'outlook') GROUP BY 1, 2, 3 ORDER BY 2, 3");
    conn.all(sql).await?.iter().map(read).collect()
}

pub(crate) fn read(row: &Row) -> Result<Balance, Fail> {
    let (account, currency): (String, String) = (row.get(1)?, row.get(2)?);
    let named = LedgerAccount::from_word(&account).zip(Currency::parse(&currency));
    let (account, currency) = named
        .ok_or_else(|| Fail::broken(format!("a balance has the unknown account {account} or currency {currency}")))?;
    let part = |i: usize| row.get::<i64>(i).map(i128::from);
    let units = part(3)? * 1_000_000 + part(4)?;
    Ok(Balance { key: row.get(0)?, account, currency, units, entries: row.get(5)?, requested: false })
}

/// The last posting of the visible program without postings for the longest time.
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

/// Number of visible programs with and without a submitted forecast.
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
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
    let (all, with): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok([with, all - with])
}

/// Whether the balances have an amount with this id in the given column.
pub async fn is_used(conn: &Conn, org: &str, column: &str, id: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM balance WHERE org = ");
    sql.text(org).push(" AND ").push(column).push(" = ").text(id).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}
