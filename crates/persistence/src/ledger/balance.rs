//! Balances: the amount in each account of the ledger, in five tables: by program, period, project, category and spend
//! type; by program; by program, period and day of posting; by all of these; by program, project, period and vendor. They
//! are updated with the entries, in one transaction, so that reads do not sum entries. Entries of accounts of the books
//! as a whole have no program; an empty text means not given.

use std::collections::{BTreeMap, HashMap};

use steerco_domain::commitment::Commitment;
use steerco_domain::cost_category::CostCategory;
use steerco_domain::engagement::Engagement;
use steerco_domain::error::{Error, Reason};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::{HasId, Id};
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry};
use steerco_domain::money::{Currency, Money};
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::spend::Spend;
use steerco_domain::text::{Code, Text};
use steerco_domain::time::Day;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// The finest key of any balance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spot {
    account: LedgerAccount,
    currency: Currency,
    period: Id<FiscalPeriod>,
    program: Option<Id<Program>>,
    project: Option<Id<Project>>,
    category: Option<Id<CostCategory>>,
    spend: Option<Spend>,
    posted_on: Day,
    source: Option<Code>,
    vendor: Option<Text<200>>,
    commitment: Option<Id<Commitment>>,
    engagement: Option<Id<Engagement>>,
    /// The currencies of the amounts stated by the ledger system: of the books, of the group.
    local: Option<Currency>,
    group: Option<Currency>,
}

impl Spot {
    fn new(entry: &LedgerEntry, account: LedgerAccount) -> Self {
        // Accounts of the books as a whole are kept by period only.
        let own = account.is_of_programs();
        let [local, group] = stated(entry);
        Self {
            account,
            currency: entry.amount.currency,
            period: entry.fiscal_period_id,
            program: entry.program_id.filter(|_| own),
            project: entry.project_id.filter(|_| own),
            category: entry.cost_category_id.filter(|_| own),
            spend: entry.spend.filter(|_| own),
            posted_on: if own { entry.posted_on } else { Day::default() },
            source: entry.source.as_ref().filter(|_| own).cloned(),
            vendor: entry.vendor_reference.as_ref().filter(|_| own).cloned(),
            commitment: entry.commitment_id.or(entry.invoiced_commitment_id).filter(|_| own),
            engagement: entry.engagement_id.filter(|_| own),
            local: local.filter(|_| own).map(|money| money.currency),
            group: group.filter(|_| own).map(|money| money.currency),
        }
    }
}

/// The amounts of an entry stated by the ledger system, in the currencies of the books and of the group.
fn stated(entry: &LedgerEntry) -> [Option<Money>; 2] {
    [entry.local_amount, entry.group_amount]
}

/// Number of entries, debits less credits, the same in the stated currencies, and the time of the last entry.
/// Intermediate sums may exceed the range of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    entries: i64,
    units: i128,
    local: i128,
    group: i128,
    posted_at: i64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.units += other.units;
        self.local += other.local;
        self.group += other.group;
        self.posted_at = self.posted_at.max(other.posted_at);
    }
}

/// A sum as stored in a column.
fn held(units: i128) -> Result<i64, Fail> {
    let detail = "the sum of an account would exceed the range of an amount";
    i64::try_from(units).map_err(|_| Error::new(Reason::Invalid, detail).into())
}

/// A table of balances.
struct Kept {
    name: &'static str,
    key: &'static [&'static str],
    sums: &'static [&'static str],
    /// Its key; none if the balance is not kept in this table.
    key_of: fn(&Spot) -> Option<Vec<String>>,
    sums_of: fn(&Sum) -> Result<Vec<i64>, Fail>,
}

fn text<T: HasId>(id: Option<Id<T>>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn code(currency: Option<Currency>) -> String {
    currency.map(|currency| currency.code().to_owned()).unwrap_or_default()
}

const TABLES: [Kept; 5] = [
    Kept {
        name: "balance",
        key: &["program_id", "fiscal_period_id", "account", "currency", "project_id", "cost_category_id", "spend"],
        sums: &["entries", "units"],
        key_of: |spot| {
            let spend = spot.spend.map(|spend| spend.word().to_owned()).unwrap_or_default();
            let (account, currency) = (spot.account.word().to_owned(), spot.currency.code().to_owned());
            let place = [text(spot.project), text(spot.category), spend];
            Some([[text(spot.program), spot.period.to_string()].as_slice(), &[account, currency], &place].concat())
        },
        sums_of: |sum| Ok(vec![sum.entries, held(sum.units)?]),
    },
    Kept {
        name: "program_balance",
        key: &["program_id", "account", "currency"],
        sums: &["entries", "units", "posted_at"],
        key_of: |spot| {
            let (account, currency) = (spot.account.word().to_owned(), spot.currency.code().to_owned());
            spot.program.map(|program| vec![program.to_string(), account, currency])
        },
        sums_of: |sum| Ok(vec![sum.entries, held(sum.units)?, sum.posted_at]),
    },
    Kept {
        name: "day_balance",
        key: &[
            "program_id",
            "currency",
            "fiscal_period_id",
            "account",
            "posted_on",
            "local_currency",
            "group_currency",
        ],
        sums: &["entries", "units", "local_units", "group_units"],
        key_of: |spot| {
            let currency = spot.currency.code().to_owned();
            let place = vec![spot.program?.to_string(), currency, spot.period.to_string()];
            let rest = [spot.account.word().to_owned(), spot.posted_on.to_string(), code(spot.local), code(spot.group)];
            Some([place.as_slice(), &rest].concat())
        },
        sums_of: |sum| Ok(vec![sum.entries, held(sum.units)?, held(sum.local)?, held(sum.group)?]),
    },
    Kept {
        name: "place_day_balance",
        key: &[
            "program_id",
            "currency",
            "fiscal_period_id",
            "account",
            "project_id",
            "cost_category_id",
            "spend",
            "posted_on",
            "local_currency",
            "group_currency",
        ],
        sums: &["entries", "units", "local_units", "group_units"],
        key_of: |spot| {
            let spend = spot.spend.map(|spend| spend.word().to_owned()).unwrap_or_default();
            let (account, currency) = (spot.account.word().to_owned(), spot.currency.code().to_owned());
            let place = vec![spot.program?.to_string(), currency, spot.period.to_string(), account];
            let finer = [text(spot.project), text(spot.category), spend];
            let day = [spot.posted_on.to_string(), code(spot.local), code(spot.group)];
            Some([place.as_slice(), &finer, &day].concat())
        },
        sums_of: |sum| Ok(vec![sum.entries, held(sum.units)?, held(sum.local)?, held(sum.group)?]),
    },
    Kept {
        name: "vendor_balance",
        key: &[
            "program_id",
            "fiscal_period_id",
            "account",
            "currency",
            "project_id",
            "source",
            "vendor_reference",
            "commitment_id",
            "engagement_id",
        ],
        sums: &["entries", "units"],
        key_of: |spot| {
            let (account, currency) = (spot.account.word().to_owned(), spot.currency.code().to_owned());
            let source = spot.source.as_ref().map(|source| source.as_str().to_owned()).unwrap_or_default();
            let reference = spot.vendor.as_ref().map(|vendor| vendor.as_str().to_owned()).unwrap_or_default();
            let place = vec![spot.program?.to_string(), spot.period.to_string(), account, currency];
            let vendor = [text(spot.project), source, reference, text(spot.commitment), text(spot.engagement)];
            Some([place.as_slice(), &vendor].concat())
        },
        sums_of: |sum| Ok(vec![sum.entries, held(sum.units)?]),
    },
];

/// Changes of the balances by entries.
#[derive(Default)]
pub(crate) struct Balances(HashMap<Spot, Sum>);

/// Number of rows in one insert.
const CHUNK: usize = 50;

impl Balances {
    pub(crate) fn add(&mut self, entry: &LedgerEntry) {
        let posted_at = entry.created_at.micros();
        let [local, group] = stated(entry).map(|stated| stated.map_or(0, |money| i128::from(money.units)));
        let debit = Sum { entries: 1, units: i128::from(entry.amount.units), local, group, posted_at };
        let credit = Sum { units: -debit.units, local: -local, group: -group, ..debit };
        for (account, sum) in [(entry.debit_account, debit), (entry.credit_account, credit)] {
            self.0.entry(Spot::new(entry, account)).or_default().add(sum);
        }
    }

    /// The rows of a table ordered by key, so that two writers do not deadlock.
    fn rows(&self, table: &Kept) -> Result<BTreeMap<Vec<String>, Vec<i64>>, Fail> {
        let mut rows: BTreeMap<Vec<String>, Sum> = BTreeMap::new();
        for (spot, sum) in &self.0 {
            if let Some(key) = (table.key_of)(spot) {
                rows.entry(key).or_default().add(*sum);
            }
        }
        rows.into_iter().map(|(key, sum)| Ok((key, (table.sums_of)(&sum)?))).collect()
    }

    pub(crate) async fn put(self, conn: &Conn, org: &str) -> Result<(), Fail> {
        for table in &TABLES {
            let rows: Vec<_> = self.rows(table)?.into_iter().collect();
            for chunk in rows.chunks(CHUNK) {
                conn.run_now(add_to(table, org, chunk)).await?;
            }
        }
        Ok(())
    }

    /// Differences between these and the stored balances.
    pub(crate) async fn compare(self, conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
        let mut faults = Vec::new();
        for table in &TABLES {
            let mut kept = kept(conn, org, table).await?;
            for (key, sums) in self.rows(table)? {
                if kept.remove(&key) != Some(sums) {
                    faults.push(format!("{} of {}: is not the sum of its entries", table.name, key.join(" ")));
                }
            }
            faults.extend(kept.keys().map(|key| format!("{} of {}: has no entries", table.name, key.join(" "))));
        }
        Ok(faults)
    }
}

/// Adds rows to a table: sums are added, an instant becomes the latest.
fn add_to(table: &Kept, org: &str, rows: &[(Vec<String>, Vec<i64>)]) -> Sql {
    let (name, key) = (table.name, table.key.join(", "));
    let mut sql = Sql::new("INSERT INTO ");
    sql.push(name).push(" (org, ").push(&key).push(", ").push(&table.sums.join(", ")).push(") VALUES ");
    for (i, (key, sums)) in rows.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" }).text(org);
        for part in key {
            sql.push(", ").text(part);
        }
        for number in sums {
            sql.push(", ").int(*number);
        }
        sql.push(")");
    }
    sql.push(" ON CONFLICT (org, ").push(&key).push(") DO UPDATE SET ");
    for (i, column) in table.sums.iter().enumerate() {
        let change = if *column == "posted_at" {
            format!("CASE WHEN {name}.{column} > excluded.{column} THEN {name}.{column} ELSE excluded.{column} END")
        } else {
            format!("{name}.{column} + excluded.{column}")
        };
        sql.push(if i == 0 { "" } else { ", " }).push(column).push(" = ").push(&change);
    }
    sql
}

async fn kept(conn: &Conn, org: &str, table: &Kept) -> Result<HashMap<Vec<String>, Vec<i64>>, Fail> {
    let (key, sums) = (table.key.len(), table.sums.len());
    let mut sql = Sql::new("SELECT ");
    sql.push(&table.key.join(", ")).push(", ").push(&table.sums.join(", ")).push(" FROM ").push(table.name);
    sql.push(" WHERE org = ").text(org);
    let mut kept = HashMap::new();
    for row in conn.all(sql).await? {
        let texts = (0..key).map(|i| row.get(i)).collect::<Result<_, Fail>>()?;
        let numbers = (key..key + sums).map(|i| row.get(i)).collect::<Result<_, Fail>>()?;
        kept.insert(texts, numbers);
    }
    Ok(kept)
}
