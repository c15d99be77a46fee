//! Balances: what stands in each account of the ledger, by program, period, project, category and spend. They change with
//! the entries, in one transaction, so that nothing sums entries to answer. Entries name no program where the account is
//! of the books as a whole, and an empty text stands for what is not said.

use std::collections::BTreeMap;

use steerco_domain::error::{Error, Reason};
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry};
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::row::Row;
use crate::sql::Sql;

/// Where money stands: the columns of a balance, in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key([String; 7]);

const KEY: &str = "program_id, fiscal_period_id, account, currency, project_id, cost_category_id, spend";

impl Key {
    fn new(entry: &LedgerEntry, account: LedgerAccount) -> Self {
        let own = account.is_of_programs();
        let text = |id: Option<String>| id.filter(|_| own).unwrap_or_default();
        Self([
            text(entry.program_id.map(|id| id.to_string())),
            entry.fiscal_period_id.to_string(),
            account.word().to_owned(),
            entry.amount.currency.code().to_owned(),
            text(entry.project_id.map(|id| id.to_string())),
            text(entry.cost_category_id.map(|id| id.to_string())),
            text(entry.spend.map(|spend| spend.word().to_owned())),
        ])
    }

    /// Program, account and currency.
    fn coarse(&self) -> [String; 3] {
        [0, 2, 3].map(|i| self.0[i].clone())
    }
}

/// Entries on either side, what was debited less what was credited, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    entries: i64,
    units: i64,
    posted_at: i64,
}

impl Sum {
    fn add(&mut self, other: Self) -> Result<(), Fail> {
        self.entries += other.entries;
        self.units = self.units.checked_add(other.units).ok_or_else(too_much)?;
        self.posted_at = self.posted_at.max(other.posted_at);
        Ok(())
    }
}

fn too_much() -> Fail {
    Error::new(Reason::Invalid, "the sum of an account would be beyond what an amount holds").into()
}

/// What entries add to the balances.
#[derive(Default)]
pub(crate) struct Balances(BTreeMap<Key, Sum>);

/// Rows put in at a time.
const CHUNK: usize = 50;

impl Balances {
    pub(crate) fn add(&mut self, entry: &LedgerEntry) -> Result<(), Fail> {
        let units = entry.amount.units;
        let posted_at = entry.created_at.micros();
        let credited = units.checked_neg().ok_or_else(too_much)?;
        for (account, units) in [(entry.debit_account, units), (entry.credit_account, credited)] {
            let sum = self.0.entry(Key::new(entry, account)).or_default();
            sum.add(Sum { entries: 1, units, posted_at })?;
        }
        Ok(())
    }

    pub(crate) async fn put(self, conn: &Conn, org: &str) -> Result<(), Fail> {
        let all: Vec<(&Key, &Sum)> = self.0.iter().collect();
        for chunk in all.chunks(CHUNK) {
            let mut sql = Sql::new("INSERT INTO balance (org, ");
            sql.push(KEY).push(", entries, units) VALUES ");
            for (i, (key, sum)) in chunk.iter().enumerate() {
                sql.push(if i == 0 { "(" } else { ", (" }).text(org);
                for part in &key.0 {
                    sql.push(", ").text(part);
                }
                sql.push(", ").int(sum.entries).push(", ").int(sum.units).push(")");
            }
            sql.push(" ON CONFLICT (org, ").push(KEY).push(") DO UPDATE SET ");
            sql.push("entries = balance.entries + excluded.entries, units = balance.units + excluded.units");
            conn.run_now(sql).await?;
        }
        let coarse: Vec<_> = self.coarse()?.into_iter().collect();
        for chunk in coarse.chunks(CHUNK) {
            let mut sql = Sql::new("INSERT INTO program_balance (org, program_id, account, currency, ");
            sql.push("entries, units, posted_at) VALUES ");
            for (i, (key, sum)) in chunk.iter().enumerate() {
                sql.push(if i == 0 { "(" } else { ", (" }).text(org);
                for part in key {
                    sql.push(", ").text(part);
                }
                sql.push(", ").int(sum.entries).push(", ").int(sum.units).push(", ").int(sum.posted_at).push(")");
            }
            sql.push(" ON CONFLICT (org, program_id, account, currency) DO UPDATE SET ");
            sql.push("entries = program_balance.entries + excluded.entries, ");
            sql.push(
                "units = program_balance.units + excluded.units, posted_at = CASE WHEN program_balance.posted_at > ",
            );
            sql.push("excluded.posted_at THEN program_balance.posted_at ELSE excluded.posted_at END");
            conn.run_now(sql).await?;
        }
        Ok(())
    }

    /// The sums of what belongs to programs, whatever their period.
    fn coarse(&self) -> Result<BTreeMap<[String; 3], Sum>, Fail> {
        let mut coarse: BTreeMap<[String; 3], Sum> = BTreeMap::new();
        for (key, sum) in self.0.iter().filter(|(key, _)| !key.0[0].is_empty()) {
            coarse.entry(key.coarse()).or_default().add(*sum)?;
        }
        Ok(coarse)
    }

    /// What differs between these and the balances that are kept.
    pub(crate) async fn compare(self, conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
        let mut faults = Vec::new();
        let mut sql = Sql::new("SELECT ");
        sql.push(KEY).push(", entries, units FROM balance WHERE org = ").text(org);
        let mut kept = BTreeMap::new();
        for row in conn.all(sql).await? {
            kept.insert(Key(texts(&row)?), (row.get::<i64>(7)?, row.get::<i64>(8)?));
        }
        for (key, sum) in &self.0 {
            if kept.remove(key) != Some((sum.entries, sum.units)) {
                faults.push(format!("balance of {}: is not the sum of its entries", key.0.join(" ")));
            }
        }
        faults.extend(kept.keys().map(|key| format!("balance of {}: has no entries", key.0.join(" "))));
        let mut sql = Sql::new("SELECT program_id, account, currency, entries, units, posted_at FROM program_balance ");
        sql.push("WHERE org = ").text(org);
        let mut kept = BTreeMap::new();
        for row in conn.all(sql).await? {
            let sum = Sum { entries: row.get(3)?, units: row.get(4)?, posted_at: row.get(5)? };
            kept.insert(texts::<3>(&row)?, sum);
        }
        for (key, sum) in self.coarse()? {
            if kept.remove(&key) != Some(sum) {
                faults.push(format!("balance of {}: is not the sum of its entries", key.join(" ")));
            }
        }
        faults.extend(kept.keys().map(|key| format!("balance of {}: has no entries", key.join(" "))));
        Ok(faults)
    }
}

fn texts<const N: usize>(row: &Row) -> Result<[String; N], Fail> {
    let mut texts = [const { String::new() }; N];
    for (i, text) in texts.iter_mut().enumerate() {
        *text = row.get(i)?;
    }
    Ok(texts)
}
