//! Verifies the ledger: entries, balances and identifiers against each other.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use steerco_domain::Resource;
use steerco_domain::hex::hex;
use steerco_domain::ledger_entry::LedgerEntry;

use crate::balance::Balances;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::ledger::{chained, digested, link};
use crate::sql::Sql;

/// Number of entries read at a time.
const READ: i64 = 1_000;

/// Faults of the ledger: entries against the digest of their posting, balances against entries, identifiers against their
/// posted content.
pub(crate) async fn verify(conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
    let (mut faults, mut balances) = (Vec::new(), Balances::default());
    let (mut batches, mut last) = (Batches::default(), String::new());
    loop {
        let mut sql = Sql::new(" FROM ledger_entry t WHERE t.org = ");
        sql.text(org).push(" AND t.id > ").text(&last).push(" ORDER BY t.id LIMIT ").int(READ);
        let entries: Vec<LedgerEntry> = conn.resources(sql).await?;
        let Some(end) = entries.last() else { break };
        last = end.id_text();
        for entry in &entries {
            batches.add(posted_by(entry), entry);
            balances.add(entry);
        }
    }
    faults.extend(batches.compare(conn, org).await?);
    faults.extend(balances.compare(conn, org).await?);
    faults.extend(verify_keys(conn, org).await?);
    Ok(faults)
}

/// The id of the posting of an entry.
fn posted_by(entry: &LedgerEntry) -> String {
    let batch = entry.actuals_batch_id.map(|id| id.to_string());
    let budget = || entry.budget_id.map(|id| id.to_string());
    let transfer = || entry.budget_transfer_id.map(|id| id.to_string());
    let commitment = || entry.commitment_id.map(|id| id.to_string());
    let forecast = || entry.forecast_id.map(|id| id.to_string());
    let review = || entry.review_id.map(|id| id.to_string());
    let decided = batch.or_else(budget).or_else(transfer).or_else(commitment);
    decided.or_else(forecast).or_else(review).unwrap_or_default()
}

/// Entries of each posting, and the digest over them.
#[derive(Default)]
struct Batches {
    whole: HashMap<String, (i64, Sha256)>,
    /// Of resources that post repeatedly: the lines, and their contributions to the chain.
    chains: HashMap<String, Vec<(i32, String)>>,
}

impl Batches {
    fn add(&mut self, batch: String, entry: &LedgerEntry) {
        if entry.commitment_id.is_some() || entry.review_id.is_some() {
            self.chains.entry(batch).or_default().push((entry.line, link(entry)));
            return;
        }
        let (count, sum) = self.whole.entry(batch).or_default();
        *count += 1;
        sum.update(digested(entry));
    }

    async fn compare(mut self, conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
        let mut faults = Vec::new();
        let mut sql = Sql::new("SELECT id, entry_count, entries_sha256 FROM actuals_batch WHERE org = ");
        for table in ["budget", "budget_transfer", "commitment", "forecast", "review"] {
            sql.text(org).push(" UNION ALL SELECT id, entry_count, entries_sha256 FROM ").push(table);
            sql.push(" WHERE entries_sha256 IS NOT NULL AND org = ");
        }
        sql.text(org);
        for row in conn.all(sql).await? {
            let (id, count, sum): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if self.found(&id) != (count, sum) {
                faults.push(format!("{id}: its entries in the ledger differ from those that it posted"));
            }
        }
        faults.extend(
            self.whole
                .into_keys()
                .chain(self.chains.into_keys())
                .map(|id| format!("{id}: has entries in the ledger but does not exist")),
        );
        Ok(faults)
    }

    /// Number of entries of a posting, and the digest over them.
    fn found(&mut self, id: &str) -> (i64, String) {
        let Some(mut links) = self.chains.remove(id) else {
            let (count, digest) = self.whole.remove(id).unwrap_or_default();
            return (count, hex(&digest.finalize()));
        };
        links.sort_unstable();
        let sum = links.iter().fold(String::new(), |before, (_, link)| chained(&before, link));
        (i64::try_from(links.len()).unwrap_or(i64::MAX), sum)
    }
}

/// Checks that every identifier has its entry, and that every entry that is not reversed has an identifier.
async fn verify_keys(conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
    let mut sql = Sql::new("SELECT k.source, k.external_id FROM ledger_key k WHERE k.org = ");
    sql.text(org).push(" AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.org = k.org AND e.id = k.entry_id AND ");
    sql.push(
        "e.source = k.source AND e.external_id = k.external_id AND e.content_digest = k.content_digest) LIMIT 100",
    );
    let mut faults = Vec::new();
    for row in conn.all(sql).await? {
        let (source, id): (String, String) = (row.get(0)?, row.get(1)?);
        faults.push(format!("ledger: the identifier {id} of {source} does not match its entry"));
    }
    let mut sql = Sql::new("SELECT e.id FROM ledger_entry e WHERE e.org = ");
    sql.text(org).push(" AND e.source IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_key k WHERE k.org = e.org AND ");
    sql.push("k.source = e.source AND k.external_id = e.external_id) LIMIT 100");
    for row in conn.all(sql).await? {
        let id: String = row.get(0)?;
        faults.push(format!("ledger_entry {id}: its identifier is not registered"));
    }
    Ok(faults)
}
