//! Verifies the hash chain, every version and every current row against the log, and the derived tables.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use steerco_domain::KINDS;
use steerco_domain::resource::Kind;

use crate::columns::Version;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::flush::{OPEN, logged};
use crate::log::{Entry, GENESIS, get_head, list_all};
use crate::sql::Sql;
use crate::{ledger_verify, progress};

/// Number of checked items, and all faults.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub entries: i64,
    pub resources: u64,
    pub faults: Vec<String>,
}

/// Maximum number of listed faults; a broken chain is broken in every later entry.
const FAULTS_MAX: usize = 100;

type Sum = [u8; 32];

#[derive(Default)]
struct Walk {
    report: Report,
    /// Digest of `after` by position in the log.
    sums: Vec<Sum>,
    /// Last entries of each resource that are not backfills.
    last: HashMap<(String, String), Vec<i64>>,
}

impl Walk {
    fn fault(&mut self, fault: String) {
        if self.report.faults.len() < FAULTS_MAX {
            self.report.faults.push(fault);
        }
    }

    fn sum(&self, seq: i64) -> Option<&Sum> {
        usize::try_from(seq - 1).ok().and_then(|i| self.sums.get(i))
    }
}

/// Number of rows read at a time.
const CHUNK: u32 = 1000;

/// Verifies one organisation in one snapshot.
pub async fn verify(conn: &Conn, org: &str) -> Result<Report, Fail> {
    conn.endless().await?;
    let mut walk = Walk::default();
    walk_log(conn, org, &mut walk).await?;
    for kind in KINDS {
        walk_versions(conn, org, kind, &mut walk).await?;
        walk_rows(conn, org, kind, &mut walk).await?;
    }
    for fault in progress::verify(conn, org).await? {
        walk.fault(fault);
    }
    for fault in ledger_verify::verify(conn, org).await? {
        walk.fault(fault);
    }
    let missing: Vec<_> =
        walk.last.keys().map(|(kind, id)| format!("{kind} {id} is in the log but has no row")).collect();
    for fault in missing {
        walk.fault(fault);
    }
    Ok(walk.report)
}

async fn walk_log(conn: &Conn, org: &str, walk: &mut Walk) -> Result<(), Fail> {
    let (mut seq, mut hash) = (0, GENESIS.to_owned());
    loop {
        let entries = list_all(conn, org, seq, CHUNK).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            check_entry(org, seq, &hash, &entry, walk);
            seq = entry.seq;
            hash.clone_from(&entry.hash);
            // A gap is filled, so that later positions stay right.
            walk.sums.resize(usize::try_from(seq - 1).unwrap_or(0), [0; 32]);
            walk.sums.push(Sha256::digest(&entry.after).into());
            walk.last.entry((entry.kind, entry.resource_id)).or_default().push(seq);
        }
    }
    walk.report.entries = seq;
    let head = get_head(conn, org, false).await?;
    if (head.seq, &head.hash) != (seq, &hash) {
        walk.fault(format!("the log ends at {seq}, but its head is at {}", head.seq));
    }
    Ok(())
}

fn check_entry(org: &str, seq: i64, hash: &str, entry: &Entry, walk: &mut Walk) {
    if entry.seq != seq + 1 {
        walk.fault(format!("entry {seq} of the log is followed by {}", entry.seq));
    }
    if entry.prev_hash != hash {
        walk.fault(format!("entry {} of the log does not follow the one before", entry.seq));
    }
    if entry.digest(org) != entry.hash {
        walk.fault(format!("entry {} of the log was changed", entry.seq));
    }
}

/// ` FROM` a table of this kind, restricted to the organisation.
fn from(org: &str, kind: &Kind, table_suffix: &str) -> Sql {
    let mut sql = Sql::new(" FROM \"");
    sql.push(kind.name).push(table_suffix).push("\" t WHERE t.org = ").text(org);
    sql
}

/// Checks that every version matches its log entry and is current until the next one.
async fn walk_versions(conn: &Conn, org: &str, kind: &'static Kind, walk: &mut Walk) -> Result<(), Fail> {
    let (mut id, mut seq) = (String::new(), 0);
    let mut open: Option<(String, i64)> = None;
    loop {
        let mut sql = from(org, kind, "_rev");
        sql.push(" AND (t.id > ").text(&id).push(" OR (t.id = ").text(&id).push(" AND t.seq > ").int(seq).push("))");
        sql.push(" ORDER BY t.id, t.seq LIMIT ").int(i64::from(CHUNK));
        let read = conn.versions(kind, sql).await?;
        let Some(last) = read.last() else { break };
        (id, seq) = (last.resource.id_text(), last.seq);
        for version in &read {
            check_version(version, &mut open, walk);
        }
    }
    if let Some((id, until)) = open.filter(|(_, until)| *until != OPEN) {
        walk.fault(format!("{} {id}: its last version ends at {until}", kind.name));
    }
    Ok(())
}

fn check_version(version: &Version, open: &mut Option<(String, i64)>, walk: &mut Walk) {
    let Version { resource, seq, until } = version;
    let (kind, id, seq, until) = (resource.kind().name, resource.id_text(), *seq, *until);
    let sum: Sum = Sha256::digest(logged(&**resource)).into();
    if walk.sum(seq) != Some(&sum) {
        walk.fault(format!("{kind} {id}: the version of entry {seq} differs from the log"));
    }
    if until == seq {
        // A backfill was never current.
        if let Some(seqs) = walk.last.get_mut(&(kind.to_owned(), id)) {
            seqs.retain(|s| *s != seq);
        }
        return;
    }
    let fits = match open {
        Some((before, ends)) if *before == id => *ends == seq,
        Some((_, ends)) => *ends == OPEN,
        None => true,
    };
    if !fits {
        walk.fault(format!("{kind} {id}: the version before entry {seq} does not end there"));
    }
    *open = Some((id, until));
}

/// Checks that every row matches the last log entry.
async fn walk_rows(conn: &Conn, org: &str, kind: &'static Kind, walk: &mut Walk) -> Result<(), Fail> {
    let mut id = String::new();
    loop {
        let mut sql = from(org, kind, "");
        sql.push(" AND t.id > ").text(&id).push(" ORDER BY t.id LIMIT ").int(i64::from(CHUNK));
        let read = conn.any(kind, sql).await?;
        let Some(last) = read.last() else { return Ok(()) };
        id = last.id_text();
        for resource in read {
            walk.report.resources += 1;
            let key = (kind.name.to_owned(), resource.id_text());
            let sum: Sum = Sha256::digest(logged(&*resource)).into();
            let last = walk.last.remove(&key).and_then(|seqs| seqs.last().copied());
            if last.and_then(|seq| walk.sum(seq)) != Some(&sum) {
                walk.fault(format!("{} {}: the row differs from the log", key.0, key.1));
            }
        }
    }
}
