//! The ledger: append-only entries, the posted content by external identifier, and the totals of each period and account,
//! updated with the entries. Entries are not collected in memory: a batch makes them piece by piece as they are written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use steerco_domain::Resource;
use steerco_domain::actuals_batch::{ActualsBatch, ActualsResult, ActualsStatus};
use steerco_domain::coding_rule::CodingRule;
use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::hex::hex;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::money::{Amount, Money};
use steerco_domain::purchase_order_batch::PurchaseOrderResult;
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use crate::balance::Balances;
use crate::columns::Columns;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::flush::logged;
use crate::insert::Insert;
use crate::purchase_order;
use crate::row::Row;
use crate::sql::Sql;

/// Makes the entries of a piece of a batch, the same at every call.
pub type Entries = Arc<dyn for<'c> Fn(&'c Conn, usize) -> BoxFuture<'c, Result<Vec<LedgerEntry>, Fail>> + Send + Sync>;

/// Entries that are read from the database piece by piece.
pub fn read<F>(read: F) -> Entries
where
    F: for<'c> Fn(&'c Conn, usize) -> BoxFuture<'c, Result<Vec<LedgerEntry>, Fail>> + Send + Sync + 'static,
{
    Arc::new(read)
}

/// Entries that are computed without the database.
pub fn made(make: impl Fn(usize) -> Vec<LedgerEntry> + Send + Sync + 'static) -> Entries {
    read(move |_, piece| Box::pin(std::future::ready(Ok(make(piece)))))
}

/// The effects of a batch on the ledger.
#[derive(Clone)]
pub struct Postings {
    pub batch_id: String,
    /// Number of pieces.
    pub pieces: usize,
    pub entries: Entries,
    pub unposted: Vec<Unposted>,
    /// The line outcomes of a batch of purchase orders.
    pub orders: Vec<PurchaseOrderResult>,
}

impl Postings {
    /// These postings, followed by the others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        let (first, second, pieces) = (self.entries, others.entries, self.pieces);
        self.unposted.extend(others.unposted);
        self.orders.extend(others.orders);
        Self {
            batch_id: if self.batch_id.is_empty() { others.batch_id } else { self.batch_id },
            pieces: pieces + others.pieces,
            entries: read(
                move |conn, piece| {
                    if piece < pieces { first(conn, piece) } else { second(conn, piece - pieces) }
                },
            ),
            unposted: self.unposted,
            orders: self.orders,
        }
    }
}

/// A line that made no entry.
#[derive(Clone, Debug)]
pub struct Unposted {
    pub line: i32,
    pub external_id: String,
    pub status: ActualsStatus,
    /// Error code and explanation.
    pub reason: Option<(String, String)>,
    /// The entry that already existed.
    pub entry_id: Option<String>,
    pub amount: Money,
}

/// The posted content of an external identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub content_digest: String,
    pub entry_id: String,
}

/// Maximum number of values of a list in one statement.
const CHUNK: usize = 500;
/// Number of entries made before they are inserted.
const BUFFER: usize = 512;

/// Serialises batches, because two concurrent batches would both find an identifier unused.
pub async fn take_turn(conn: &Conn, org: &str) -> Result<(), Fail> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT seq FROM log_head WHERE org = ");
    sql.text(org).push(" FOR NO KEY UPDATE");
    conn.one(sql).await.map(|_| ())
}

/// The batch of this name, if it exists.
pub async fn find_batch(conn: &Conn, org: &str, source: &str, batch_ref: &str) -> Result<Option<ActualsBatch>, Fail> {
    let mut sql = Sql::new(" FROM actuals_batch t WHERE t.org = ");
    sql.text(org).push(" AND t.source = ").text(source).push(" AND t.batch_ref = ").text(batch_ref);
    Ok(conn.resources(sql).await?.pop())
}

/// The periods of a company in order, those that end on this day or later. They are locked, so that none is closed before
/// decisions based on their states are written.
pub async fn hold_periods(conn: &Conn, org: &str, entity: &str, from: Option<Day>) -> Result<Vec<FiscalPeriod>, Fail> {
    let mut sql = Sql::new(" FROM fiscal_period t WHERE t.org = ");
    sql.text(org).push(" AND t.legal_entity_id = ").text(entity).push(" AND t.deleted_at IS NULL");
    if let Some(from) = from {
        sql.push(" AND t.ends_on >= ").text(from.to_string());
    }
    sql.push(" ORDER BY t.starts_on, t.ends_on, t.number");
    if conn.is_postgres() {
        sql.push(" FOR SHARE OF t");
    }
    conn.resources(sql).await
}

/// The posted content of these identifiers of a source.
pub async fn find_known(
    conn: &Conn,
    org: &str,
    source: &str,
    external_ids: &[&str],
) -> Result<HashMap<String, Known>, Fail> {
    let mut known = HashMap::new();
    for chunk in external_ids.chunks(CHUNK) {
        for row in conn.all(known_of(conn.is_postgres(), org, source, chunk)).await? {
            let entry = Known { content_digest: row.get(1)?, entry_id: row.get(2)? };
            known.insert(row.get(0)?, entry);
        }
    }
    Ok(known)
}

fn known_of(postgres: bool, org: &str, source: &str, external_ids: &[&str]) -> Sql {
    let mut sql = Sql::new("SELECT t.external_id, t.content_digest, t.entry_id");
    sql.look_up(postgres, ["ledger_key", "external_id"], external_ids, |sql| {
        sql.push("org = ").text(org).push(" AND source = ").text(source);
    });
    sql
}

/// Which of these contents are already in the ledger.
pub async fn find_contents(conn: &Conn, org: &str, source: &str, digests: &[&str]) -> Result<HashSet<String>, Fail> {
    let mut found = HashSet::new();
    for chunk in digests.chunks(CHUNK) {
        for row in conn.all(contents_of(conn.is_postgres(), org, source, chunk)).await? {
            found.insert(row.get(0)?);
        }
    }
    Ok(found)
}

/// By the digests as each database indexes them. The plus prevents SQLite from using its other index, which has all lines
/// that a source ever sent.
fn contents_of(postgres: bool, org: &str, source: &str, digests: &[&str]) -> Sql {
    let (column, digits, of_org, of_source) = if postgres {
        ("content_digest", usize::MAX, "org = ", " AND source = ")
    } else {
        ("substr(content_digest, 1, 16)", 16, "+org = ", " AND +source = ")
    };
    let digests: Vec<&str> = digests.iter().map(|digest| digest.get(..digits).unwrap_or(digest)).collect();
    let mut sql = Sql::new("SELECT DISTINCT t.content_digest");
    sql.look_up(postgres, ["ledger_key", column], &digests, |sql| {
        sql.push(of_org).text(org).push(of_source).text(source);
    });
    sql
}

/// The entries with these ids.
pub async fn find_entries(conn: &Conn, org: &str, ids: &[String]) -> Result<HashMap<String, LedgerEntry>, Fail> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let mut sql = Sql::default();
        sql.look_up(conn.is_postgres(), ["ledger_entry", "id"], chunk, |sql| {
            sql.push("org = ").text(org);
        });
        let entries: Vec<LedgerEntry> = conn.resources(sql).await?;
        found.extend(entries.into_iter().map(|entry| (entry.id_text(), entry)));
    }
    Ok(found)
}

/// The entries of a source in suspense, by identifier.
pub async fn list_suspense(
    conn: &Conn,
    org: &str,
    source: &str,
    entity: &str,
    limit: usize,
) -> Result<Vec<LedgerEntry>, Fail> {
    let mut sql = Sql::new(" FROM ledger_entry t WHERE t.org = ");
    sql.text(org).push(" AND t.legal_entity_id = ").text(entity).push(" AND t.id IN (SELECT entry_id FROM ledger_key");
    sql.push(" WHERE org = ").text(org).push(" AND suspense = 1 AND source = ").text(source);
    sql.push(") ORDER BY t.id LIMIT ").int(i64::try_from(limit).unwrap_or(i64::MAX));
    conn.resources(sql).await
}

/// The coding rules.
pub async fn list_rules(conn: &Conn, org: &str) -> Result<Vec<CodingRule>, Fail> {
    let mut sql = Sql::new(" FROM coding_rule t WHERE t.org = ");
    sql.text(org).push(" AND t.deleted_at IS NULL ORDER BY t.id");
    conn.resources(sql).await
}

/// A page of the line outcomes of a batch after this line.
pub async fn list_results(
    conn: &Conn,
    org: &str,
    batch: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<ActualsResult>, Fail> {
    // Both parts have the limit of the page, so that a page costs the same wherever it begins.
    let page = |sql: &mut Sql, key: &str| {
        sql.push(" FROM ").push(key).push(" WHERE org = ").text(org).push(" AND actuals_batch_id = ").text(batch);
        sql.push(" AND line > ").int(after);
    };
    let limit = i64::from(limit);
    let mut sql =
        Sql::new("SELECT * FROM (SELECT line, external_id, CASE WHEN corrects_id IS NOT NULL THEN 'corrected' ");
    sql.push(
        "WHEN debit_account = 'suspense' THEN 'suspense' ELSE 'posted' END AS status, CAST(NULL AS TEXT) AS reason, ",
    );
    sql.push("CAST(NULL AS TEXT) AS detail, id AS entry_id, possible_repeat, exceeds_order_by AS over_order, ");
    sql.push("exceeds_budget_by AS over_budget, amount_currency AS currency");
    page(&mut sql, "ledger_entry");
    sql.push(" AND entry_type <> 'reversal' ORDER BY line LIMIT ").int(limit);
    sql.push(") posted UNION ALL SELECT * FROM (SELECT line, external_id, status, reason, detail, entry_id, 0, ");
    sql.push("CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS TEXT)");
    page(&mut sql, "actuals_result");
    sql.push(" ORDER BY line LIMIT ").int(limit).push(") others ORDER BY line LIMIT ").int(limit);
    let rows = conn.all(sql).await?;
    let result = |row: &Row| {
        let line: i64 = row.get(0)?;
        let repeat: i64 = row.get(6)?;
        let over = |i: usize| row.get::<Option<i64>>(i).map(|units| units.map(Amount::new));
        let currency: Option<String> = row.get(9)?;
        let told = remark(over(7)?, over(8)?, currency.as_deref().unwrap_or_default()).unzip();
        let status: String = row.get(2)?;
        let broken = || Fail::broken(format!("a line has the unknown status {status}"));
        Ok(ActualsResult {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            external_id: row.get(1)?,
            status: ActualsStatus::from_word(&status).ok_or_else(broken)?,
            reason: row.get::<Option<String>>(3)?.or(told.0),
            detail: row.get::<Option<String>>(4)?.or(told.1),
            ledger_entry_id: row.get(5)?,
            possible_repeat: repeat != 0,
        })
    };
    rows.iter().map(result).collect()
}

/// A remark about a posted line: code and explanation.
pub fn remark(over_order: Option<Amount>, over_budget: Option<Amount>, currency: &str) -> Option<(String, String)> {
    let (code, detail) = match (over_order, over_budget) {
        (Some(over), _) if over.units() > 0 => {
            ("EXCEEDS_ORDER", format!("invoices {over} {currency} more than its order line had left"))
        }
        (Some(over), _) => {
            let over = Amount::new(over.units().saturating_neg());
            ("EXCEEDS_INVOICED", format!("credits {over} {currency} more than was invoiced of its order line"))
        }
        (None, Some(over)) => (
            "OVER_BUDGET",
            format!("exceeds the available budget of the program in the fiscal year by {over} {currency}"),
        ),
        (None, None) => return None,
    };
    Some((code.to_owned(), detail))
}

/// The log entry that posted last to the books of this period.
pub async fn last_posting(conn: &Conn, org: &str, period: &str) -> Result<Option<i64>, Fail> {
    let mut sql = Sql::new("SELECT CAST(max(seq) AS BIGINT) FROM ledger_entry WHERE org = ");
    sql.text(org).push(" AND fiscal_period_id = ").text(period).push(" AND entry_type <> 'forecast'");
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten())
}

/// An entry as included in the digest of its batch.
pub fn digested(entry: &LedgerEntry) -> String {
    logged(entry)
}

/// The contribution of an entry to a chain of digests.
pub fn link(entry: &LedgerEntry) -> String {
    hex(&Sha256::digest(digested(entry)))
}

/// The digest over all entries of a chain: of the previous digest and the link of the last entry.
pub fn chained(before: &str, link: &str) -> String {
    hex(&Sha256::digest(format!("{before}{link}")))
}

/// Adds the entries of a batch.
pub(crate) async fn post(conn: &Conn, org: &str, seq: i64, postings: &Postings) -> Result<(), Fail> {
    // Waiting rows are written first, because entries refer to their batch.
    conn.settle().await?;
    conn.widen(postings.pieces > 1)?;
    let mut balances = Balances::default();
    let mut waiting = Vec::with_capacity(BUFFER);
    for piece in 0..postings.pieces {
        waiting.append(&mut (postings.entries)(conn, piece).await?);
        if waiting.len() >= BUFFER || piece + 1 == postings.pieces {
            for some in waiting.chunks(BUFFER) {
                for entry in some {
                    balances.add(entry);
                }
                put_entries(conn, org, seq, some).await?;
                put_keys(conn, org, some).await?;
            }
            waiting.clear();
        }
    }
    put_unposted(conn, org, postings).await?;
    purchase_order::put(conn, org, &postings.batch_id, &postings.orders).await?;
    conn.widen(false)?;
    balances.put(conn, org).await
}

async fn put_entries(conn: &Conn, org: &str, seq: i64, entries: &[LedgerEntry]) -> Result<(), Fail> {
    let all = &Columns::of(LedgerEntry::KIND).all;
    let mut columns = vec![("org".to_owned(), ColumnType::Text)];
    columns.extend(all.iter().cloned());
    columns.push(("seq".to_owned(), ColumnType::Int));
    let row = |entry: &LedgerEntry| {
        let mut row = Vec::with_capacity(columns.len());
        row.push(Cell::Text(org.to_owned()));
        entry.store(&mut row);
        row.push(Cell::Int(seq));
        row
    };
    let rows = entries.iter().map(row).collect();
    conn.insert_now(Insert::new("ledger_entry", columns, rows)).await
}

/// Source, external identifier and digest of the content.
fn identity(entry: &LedgerEntry) -> Option<[&str; 3]> {
    let (source, external_id) = entry.source.as_ref().zip(entry.external_id.as_ref())?;
    Some([source.as_str(), external_id.as_str(), entry.content_digest.as_ref()?.as_str()])
}

/// Stores the posted content of each identifier.
async fn put_keys(conn: &Conn, org: &str, entries: &[LedgerEntry]) -> Result<(), Fail> {
    let row = |entry: &LedgerEntry| {
        let [source, external_id, content_digest] = identity(entry)?;
        let texts =
            [org, source, external_id, content_digest, &entry.id_text()].map(|text| Cell::Text(text.to_owned()));
        let suspense = i64::from(entry.debit_account == LedgerAccount::Suspense);
        Some(texts.into_iter().chain([Cell::Int(suspense)]).collect())
    };
    let new = entries.iter().filter(|entry| entry.entry_type != LedgerEntryType::Reversal);
    let rows = new.filter_map(row).collect();
    let texts = ["org", "source", "external_id", "content_digest", "entry_id"].map(|name| (name, ColumnType::Text));
    let columns = texts.into_iter().chain([("suspense", ColumnType::Int)]);
    let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).collect();
    let then = " ON CONFLICT (org, source, external_id) DO UPDATE SET content_digest = excluded.content_digest, \
                entry_id = excluded.entry_id, suspense = excluded.suspense";
    conn.insert_now(Insert { then, ..Insert::new("ledger_key", columns, rows) }).await
}

async fn put_unposted(conn: &Conn, org: &str, postings: &Postings) -> Result<(), Fail> {
    use ColumnType::{Int, Text};
    let columns = [
        ("org", Text),
        ("actuals_batch_id", Text),
        ("line", Int),
        ("external_id", Text),
        ("status", Text),
        ("reason", Text),
        ("detail", Text),
        ("entry_id", Text),
    ];
    let text = |text: Option<&String>| text.map_or(Cell::Null, |text| Cell::Text(text.clone()));
    let row = |line: &Unposted| {
        let (reason, detail) = line.reason.as_ref().map(|(reason, detail)| (reason, detail)).unzip();
        vec![
            Cell::Text(org.to_owned()),
            Cell::Text(postings.batch_id.clone()),
            Cell::Int(i64::from(line.line)),
            Cell::Text(line.external_id.clone()),
            Cell::Text(line.status.word().to_owned()),
            text(reason),
            text(detail),
            text(line.entry_id.as_ref()),
        ]
    };
    let rows: Vec<_> = postings.unposted.iter().map(row).collect();
    let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
    conn.insert_now(Insert::new("actuals_result", columns, rows)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Database;

    #[tokio::test]
    async fn what_stands_is_found_by_what_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("steerco.db").display());
        let database = Database::open(&url, true).await.unwrap();
        let conn = database.read("org").await.unwrap();
        let searches = [
            (known_of(false, "org", "gla", &["1", "2"]), "(org=? AND source=? AND external_id=?)"),
            (contents_of(false, "org", "gla", &["a", "b"]), "ledger_key_by_content (<expr>=?)"),
        ];
        for (Sql { text, values }, search) in searches {
            let explain = Sql { text: format!("EXPLAIN QUERY PLAN {text}"), values };
            let steps = conn.all(explain).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|row| row.get(3).unwrap()).collect();
            assert!(steps[0].contains(search), "{steps:?}");
        }
    }
}
