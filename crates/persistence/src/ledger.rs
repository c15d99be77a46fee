//! The ledger: entries that are only ever added, what was posted under which identifier, and the totals of each period
//! and account, kept with them. Entries never wait in memory: a batch makes them one by one as they go in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use steerco_domain::Resource;
use steerco_domain::actuals_batch::{ActualsBatch, ActualsStatus};
use steerco_domain::coding_rule::CodingRule;
use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::hex::hex;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::money::Money;
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use sha2::{Digest, Sha256};

use crate::columns::Columns;
use crate::conn::{Conn, Insert};
use crate::fail::Fail;
use crate::flush::{insert_now, logged};
use crate::sql::Sql;

/// Makes the entries of a line, the same each time it is asked.
pub type Entries = Arc<dyn Fn(usize) -> Vec<LedgerEntry> + Send + Sync>;

/// What a batch does to the ledger.
#[derive(Clone)]
pub struct Postings {
    pub batch_id: String,
    /// How many lines may make entries.
    pub lines: usize,
    pub entries: Entries,
    pub unposted: Vec<Unposted>,
}

/// A line that made no entry.
#[derive(Clone, Debug)]
pub struct Unposted {
    pub line: i32,
    pub external_id: String,
    pub status: ActualsStatus,
    /// Code and explanation.
    pub reason: Option<(String, String)>,
    /// The entry that was there already.
    pub entry_id: Option<String>,
    pub amount: Money,
}

/// The end of a line, as its batch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineResult {
    pub line: i32,
    pub external_id: String,
    pub status: String,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub entry_id: Option<String>,
    pub possible_repeat: bool,
}

/// What stands under an identifier of a source now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub content_digest: String,
    pub entry_id: String,
}

/// Values of a list in one statement at most.
const CHUNK: usize = 500;
/// Entries made before they are put in.
const BUFFER: usize = 64;

/// Lets one batch after the other look and post: two at once would both find an identifier unused.
pub async fn take_turn(conn: &Conn, org: &str) -> Result<(), Fail> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT seq FROM log_head WHERE org = ");
    sql.text(org).push(" FOR NO KEY UPDATE");
    conn.one(sql).await.map(|_| ())
}

/// The batch of this name, if it is there.
pub async fn find_batch(conn: &Conn, org: &str, source: &str, batch_ref: &str) -> Result<Option<ActualsBatch>, Fail> {
    let mut sql = Sql::new(" FROM actuals_batch t WHERE t.org = ");
    sql.text(org).push(" AND t.source = ").text(source).push(" AND t.batch_ref = ").text(batch_ref);
    Ok(conn.resources(sql).await?.pop())
}

/// The periods of a company by time, those that end on this day or later; held, so that none is closed before what was
/// decided by their states is written.
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

/// What stands under these identifiers of a source.
pub async fn find_known(
    conn: &Conn,
    org: &str,
    source: &str,
    external_ids: &[&str],
) -> Result<HashMap<String, Known>, Fail> {
    let mut known = HashMap::new();
    for chunk in external_ids.chunks(CHUNK) {
        let mut sql = Sql::new("SELECT external_id, content_digest, entry_id FROM ledger_key WHERE org = ");
        sql.text(org).push(" AND source = ").text(source).push(" AND external_id IN (").texts(chunk).push(")");
        for row in conn.all(sql).await? {
            let entry = Known { content_digest: row.try_get_by_index(1)?, entry_id: row.try_get_by_index(2)? };
            known.insert(row.try_get_by_index(0)?, entry);
        }
    }
    Ok(known)
}

/// Which of these contents stand in the ledger already.
pub async fn find_contents(conn: &Conn, org: &str, source: &str, digests: &[&str]) -> Result<HashSet<String>, Fail> {
    let mut found = HashSet::new();
    for chunk in digests.chunks(CHUNK) {
        let mut sql = Sql::new("SELECT DISTINCT content_digest FROM ledger_key WHERE org = ");
        sql.text(org).push(" AND source = ").text(source).push(" AND content_digest IN (").texts(chunk).push(")");
        for row in conn.all(sql).await? {
            found.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(found)
}

/// These entries.
pub async fn find_entries(conn: &Conn, org: &str, ids: &[String]) -> Result<HashMap<String, LedgerEntry>, Fail> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let mut sql = Sql::new(" FROM ledger_entry t WHERE t.org = ");
        sql.text(org).push(" AND t.id IN (").texts(chunk).push(")");
        let entries: Vec<LedgerEntry> = conn.resources(sql).await?;
        found.extend(entries.into_iter().map(|entry| (entry.id_text(), entry)));
    }
    Ok(found)
}

/// The entries of a source that stand in suspense, by identifier.
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

/// The rules by which costs are coded.
pub async fn list_rules(conn: &Conn, org: &str) -> Result<Vec<CodingRule>, Fail> {
    let mut sql = Sql::new(" FROM coding_rule t WHERE t.org = ");
    sql.text(org).push(" AND t.deleted_at IS NULL ORDER BY t.id");
    conn.resources(sql).await
}

/// A page of what became of the lines of a batch, from below this line.
pub async fn list_results(
    conn: &Conn,
    org: &str,
    batch: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<LineResult>, Fail> {
    let mut sql = Sql::new("SELECT line, external_id, status, reason, detail, entry_id, possible_repeat FROM (");
    sql.push("SELECT line, external_id, CASE WHEN corrects_id IS NOT NULL THEN 'corrected' WHEN debit_account = ");
    sql.push("'suspense' THEN 'suspense' ELSE 'posted' END AS status, CAST(NULL AS TEXT) AS reason, ");
    sql.push("CAST(NULL AS TEXT) AS detail, id AS entry_id, possible_repeat FROM ledger_entry WHERE org = ").text(org);
    sql.push(" AND actuals_batch_id = ").text(batch).push(" AND entry_type <> 'reversal' AND line > ").int(after);
    sql.push(
        " UNION ALL SELECT line, external_id, status, reason, detail, entry_id, 0 FROM actuals_result WHERE org = ",
    );
    sql.text(org).push(" AND actuals_batch_id = ").text(batch).push(" AND line > ").int(after);
    sql.push(") r ORDER BY line LIMIT ").int(i64::from(limit));
    let rows = conn.all(sql).await?;
    let result = |row: &sea_orm::QueryResult| {
        let line: i64 = row.try_get_by_index(0)?;
        let repeat: i64 = row.try_get_by_index(6)?;
        Ok(LineResult {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            external_id: row.try_get_by_index(1)?,
            status: row.try_get_by_index(2)?,
            reason: row.try_get_by_index(3)?,
            detail: row.try_get_by_index(4)?,
            entry_id: row.try_get_by_index(5)?,
            possible_repeat: repeat != 0,
        })
    };
    rows.iter().map(result).collect()
}

/// The totals of a period: account, currency, entries and what was debited less what was credited.
pub async fn list_totals(conn: &Conn, org: &str, period: &str) -> Result<Vec<(LedgerAccount, Money, i64)>, Fail> {
    let mut sql = Sql::new("SELECT account, currency, units, entries FROM ledger_total WHERE org = ");
    sql.text(org).push(" AND fiscal_period_id = ").text(period).push(" ORDER BY account, currency");
    let rows = conn.all(sql).await?;
    let total = |row: &sea_orm::QueryResult| {
        let (account, currency): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let named = LedgerAccount::from_word(&account).zip(steerco_domain::money::Currency::parse(&currency));
        let (account, currency) = named.ok_or_else(|| Fail::Broken(format!("a total of {account} in {currency}")))?;
        Ok((account, Money::new(row.try_get_by_index(2)?, currency), row.try_get_by_index(3)?))
    };
    rows.iter().map(total).collect()
}

/// The change of the log that posted to this period last.
pub async fn last_posting(conn: &Conn, org: &str, period: &str) -> Result<Option<i64>, Fail> {
    let mut sql = Sql::new("SELECT CAST(max(seq) AS BIGINT) FROM ledger_entry WHERE org = ");
    sql.text(org).push(" AND fiscal_period_id = ").text(period);
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten())
}

/// An entry as the digest of its batch takes it in.
pub fn digested(entry: &LedgerEntry) -> String {
    logged(entry)
}

/// Adds what a batch posts.
pub(crate) async fn post(conn: &Conn, org: &str, seq: i64, postings: &Postings) -> Result<(), Fail> {
    // What waits goes in first: entries name their batch.
    conn.settle().await?;
    let mut totals = Totals::default();
    let mut waiting = Vec::with_capacity(BUFFER);
    for line in 0..postings.lines {
        waiting.append(&mut (postings.entries)(line));
        if waiting.len() >= BUFFER || line + 1 == postings.lines {
            for entry in &waiting {
                totals.add(entry)?;
            }
            put_entries(conn, org, seq, &waiting).await?;
            put_keys(conn, org, &waiting).await?;
            waiting.clear();
        }
    }
    put_unposted(conn, org, postings).await?;
    totals.put(conn, org).await
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
    insert_now(conn, Insert { table: "ledger_entry".to_owned(), columns, rows }).await
}

/// What stands under each identifier from now on.
async fn put_keys(conn: &Conn, org: &str, entries: &[LedgerEntry]) -> Result<(), Fail> {
    let standing = |entry: &&LedgerEntry| entry.entry_type != LedgerEntryType::Reversal;
    let mut keys = entries.iter().filter(standing).peekable();
    if keys.peek().is_none() {
        return Ok(());
    }
    let mut sql =
        Sql::new("INSERT INTO ledger_key (org, source, external_id, content_digest, entry_id, suspense) VALUES ");
    for (i, entry) in keys.enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" }).text(org).push(", ").text(entry.source.as_str()).push(", ");
        sql.text(entry.external_id.as_str()).push(", ").text(entry.content_digest.as_str()).push(", ");
        let suspense = i64::from(entry.debit_account == LedgerAccount::Suspense);
        sql.text(entry.id_text()).push(", ").int(suspense).push(")");
    }
    sql.push(" ON CONFLICT (org, source, external_id) DO UPDATE SET content_digest = excluded.content_digest, ");
    sql.push("entry_id = excluded.entry_id, suspense = excluded.suspense");
    conn.run_now(sql).await.map(|_| ())
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
    insert_now(conn, Insert { table: "actuals_result".to_owned(), columns, rows }).await
}

/// What entries add to the totals of periods and accounts.
#[derive(Default)]
struct Totals(BTreeMap<(String, &'static str, &'static str), (i64, i64)>);

impl Totals {
    fn add(&mut self, entry: &LedgerEntry) -> Result<(), Fail> {
        let period = entry.fiscal_period_id.to_string();
        let sides = [(entry.debit_account, 1), (entry.credit_account, -1)];
        for (account, sign) in sides {
            let key = (period.clone(), account.word(), entry.amount.currency.code());
            let (count, units) = self.0.entry(key).or_default();
            *count += 1;
            let added = entry.amount.units.checked_mul(sign).and_then(|added| units.checked_add(added));
            *units = added.ok_or_else(too_much)?;
        }
        Ok(())
    }

    async fn put(self, conn: &Conn, org: &str) -> Result<(), Fail> {
        for ((period, account, currency), (count, units)) in self.0 {
            let mut sql =
                Sql::new("INSERT INTO ledger_total (org, fiscal_period_id, account, currency, entries, units)");
            sql.push(" VALUES (").text(org).push(", ").text(period).push(", ").text(account).push(", ").text(currency);
            sql.push(", ").int(count).push(", ").int(units);
            sql.push(") ON CONFLICT (org, fiscal_period_id, account, currency) DO UPDATE SET ");
            sql.push("entries = ledger_total.entries + excluded.entries, units = ledger_total.units + excluded.units");
            conn.run_now(sql).await?;
        }
        Ok(())
    }
}

fn too_much() -> Fail {
    use steerco_domain::error::{Error, Reason};
    Error::new(Reason::Invalid, "the sum of an account would be beyond what an amount holds").into()
}

/// Entries read at a time.
const READ: i64 = 1_000;

/// What of the ledger does not fit: entries against the digest of their batch, totals against entries, identifiers
/// against what stands under them.
pub(crate) async fn verify(conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
    let (mut faults, mut totals) = (Vec::new(), Totals::default());
    let (mut batches, mut last) = (Batches::default(), (String::new(), -1_i64, String::new()));
    loop {
        let mut sql = Sql::new(" FROM ledger_entry t WHERE t.org = ");
        sql.text(org).push(" AND (t.actuals_batch_id, t.line, t.id) > (").text(&last.0).push(", ").int(last.1);
        sql.push(", ").text(&last.2).push(") ORDER BY t.actuals_batch_id, t.line, t.id LIMIT ").int(READ);
        let entries: Vec<LedgerEntry> = conn.resources(sql).await?;
        let Some(end) = entries.last() else { break };
        let batch = |entry: &LedgerEntry| entry.actuals_batch_id.map(|id| id.to_string()).unwrap_or_default();
        last = (batch(end), i64::from(end.line), end.id_text());
        for entry in &entries {
            batches.add(batch(entry), entry);
            totals.add(entry)?;
        }
    }
    faults.extend(batches.compare(conn, org).await?);
    faults.extend(totals.compare(conn, org).await?);
    faults.extend(verify_keys(conn, org).await?);
    Ok(faults)
}

/// Entries of each batch, and the digest over them.
#[derive(Default)]
struct Batches(HashMap<String, (i64, Sha256)>);

impl Batches {
    fn add(&mut self, batch: String, entry: &LedgerEntry) {
        let (count, sum) = self.0.entry(batch).or_default();
        *count += 1;
        sum.update(digested(entry));
    }

    async fn compare(mut self, conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
        let mut faults = Vec::new();
        let mut sql = Sql::new("SELECT id, entry_count, entries_sha256 FROM actuals_batch WHERE org = ");
        sql.text(org);
        for row in conn.all(sql).await? {
            let (id, count, sum): (String, i64, String) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let (found, digest) = self.0.remove(&id).unwrap_or_default();
            if (found, hex(&digest.finalize())) != (count, sum) {
                faults.push(format!("actuals_batch {id}: its entries in the ledger are not those that it posted"));
            }
        }
        faults.extend(
            self.0.into_keys().map(|id| format!("actuals_batch {id}: has entries in the ledger and is not there")),
        );
        Ok(faults)
    }
}

impl Totals {
    async fn compare(mut self, conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
        let mut faults = Vec::new();
        let mut sql =
            Sql::new("SELECT fiscal_period_id, account, currency, entries, units FROM ledger_total WHERE org = ");
        sql.text(org);
        for row in conn.all(sql).await? {
            let (period, account, currency): (String, String, String) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let kept: (i64, i64) = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
            let is = |key: &&(String, &str, &str)| key.0 == period && key.1 == account && key.2 == currency;
            let key = self.0.keys().find(is).cloned();
            let found = key.and_then(|key| self.0.remove(&key)).unwrap_or_default();
            if found != kept {
                faults.push(format!(
                    "fiscal_period {period}: the total of {account} in {currency} is not the sum of its entries"
                ));
            }
        }
        faults.extend(self.0.into_keys().map(|(period, account, currency)| {
            format!("fiscal_period {period}: the total of {account} in {currency} is missing")
        }));
        Ok(faults)
    }
}

/// Every identifier leads to its entry, and every entry that was not reversed has one.
async fn verify_keys(conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
    let mut sql = Sql::new("SELECT k.source, k.external_id FROM ledger_key k WHERE k.org = ");
    sql.text(org).push(" AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.org = k.org AND e.id = k.entry_id AND ");
    sql.push(
        "e.source = k.source AND e.external_id = k.external_id AND e.content_digest = k.content_digest) LIMIT 100",
    );
    let mut faults = Vec::new();
    for row in conn.all(sql).await? {
        let (source, id): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        faults.push(format!("ledger: what stands under {id} of {source} is not an entry of it"));
    }
    let mut sql = Sql::new("SELECT e.id FROM ledger_entry e WHERE e.org = ");
    sql.text(org).push(" AND NOT EXISTS (SELECT 1 FROM ledger_key k WHERE k.org = e.org AND k.source = e.source AND ");
    sql.push("k.external_id = e.external_id) LIMIT 100");
    for row in conn.all(sql).await? {
        let id: String = row.try_get_by_index(0)?;
        faults.push(format!("ledger_entry {id}: nothing stands under its identifier"));
    }
    Ok(faults)
}
