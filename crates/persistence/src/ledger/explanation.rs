//! Reads the entries behind the figures of a roll-up.

use steerco_domain::explanation::MaskedTotal;
use steerco_domain::financials::{Balance, FinancialsGrouping, FinancialsQuery};
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry};
use steerco_domain::money::Amount;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason};

use crate::conn::Conn;
use crate::fail::Fail;
use crate::financials::{Books, SUMS, Subject, column, push_asked, read};
use crate::ledger::find_entries;
use crate::query::Moment;
use crate::row::Row;
use crate::scope::Scope;
use crate::sql::Sql;

/// The entries behind figures that may be shown, with the log entry that posted each, after a given one.
pub async fn list_explained(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<(LedgerEntry, String)>, Fail> {
    let mut sql = Sql::new("SELECT b.id, (SELECT l.hash FROM log l WHERE l.org = b.org AND l.seq = b.entry_seq)");
    push_asked(scope, subject, query, (Books::Lines(until(moment)), moment), &mut sql);
    let accounts = told(query);
    sql.push(" AND (b.debit_account IN (").texts(&accounts).push(") OR b.credit_account IN (").texts(&accounts);
    sql.push("))");
    push_group(query, &mut sql);
    if !scope.sees_private() {
        sql.push(" AND NOT ").push(SENSITIVE);
    }
    if let Some(id) = after {
        sql.push(" AND b.id > ").text(id);
    }
    sql.push(" ORDER BY b.id LIMIT ").int(i64::from(limit));
    let lines = conn.all(sql).await?;
    let read = |row: &Row| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let lines = lines.iter().map(read).collect::<Result<Vec<_>, Fail>>()?;
    let ids: Vec<String> = lines.iter().map(|(id, _)| id.clone()).collect();
    let mut entries = find_entries(conn, scope.org(), &ids).await?;
    Ok(lines.into_iter().filter_map(|(id, hash)| Some((entries.remove(&id)?, hash))).collect())
}

/// Sums of the entries that may not be shown individually.
pub async fn list_masked(
    conn: &Conn,
    scope: &Scope,
    subject: Subject<'_>,
    query: &FinancialsQuery,
    moment: Moment,
) -> Result<Vec<MaskedTotal>, Fail> {
    if scope.sees_private() {
        return Ok(Vec::new());
    }
    // Balances are by current category, but not by vendor.
    let kept = matches!(moment, Moment::Now) && query.group_by != Some(FinancialsGrouping::Vendor);
    let books = if kept { Books::Places } else { Books::Entries(until(moment)) };
    let mut sql = Sql::new("SELECT b.cost_category_id AS key, b.account, b.currency, ");
    sql.push(SUMS);
    push_asked(scope, subject, query, (books, moment), &mut sql);
    sql.push(" AND b.account IN (").texts(&told(query)).push(")");
    push_group(query, &mut sql);
    sql.push(" AND ").push(SENSITIVE).push(" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
    let total = |row: &Row| {
        let Balance { key, account, currency, units, entries, .. } = read(row)?;
        Ok(MaskedTotal {
            cost_category_id: Id::parse(&key).map_err(|cause| Fail::broken(cause))?,
            account,
            currency,
            amount: Amount::new(i64::try_from(units).map_err(|_| Fail::from(beyond()))?),
            entry_count: i32::try_from(entries).unwrap_or(i32::MAX),
        })
    };
    conn.all(sql).await?.iter().map(total).collect()
}

fn beyond() -> Error {
    Error::new(Reason::Invalid, "the sum exceeds the range of an amount: request fewer entries at once")
}

/// An entry of a sensitive cost category, whose single entries are not shown to everybody.
const SENSITIVE: &str = "EXISTS (SELECT 1 FROM cost_category s WHERE s.org = b.org AND s.id = b.cost_category_id AND \
    s.sensitive = 1)";

/// The last log entry that counts.
const fn until(moment: Moment) -> i64 {
    match moment {
        Moment::Known { seq } => seq,
        _ => i64::MAX,
    }
}

/// The explained accounts.
fn told(query: &FinancialsQuery) -> Vec<&'static str> {
    let wanted = query.explained.account;
    let told = |account: &&LedgerAccount| account.is_of_programs() && wanted.is_none_or(|one| one == **account);
    LedgerAccount::ALL.iter().filter(told).map(|account| account.word()).collect()
}

/// `AND` the condition of the explained group.
fn push_group(query: &FinancialsQuery, sql: &mut Sql) {
    if let Some(key) = &query.explained.group_key {
        sql.push(" AND ").push(column(query.group_by)).push(" = ").text(key);
    }
}
