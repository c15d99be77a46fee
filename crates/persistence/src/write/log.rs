//! The log: gapless per organisation, in commit order, hash-chained; it is the audit trail, the feed and the outbox.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use steerco_domain::field::{Cell, Cells, ColumnType};
use steerco_domain::hex::hex;
use steerco_domain::time::Instant;

use crate::columns::Columns;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::filter::contains_pattern;
pub use crate::head::Head;
use crate::scope::Scope;
use crate::sql::Sql;

/// A log entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: i64,
    pub at: i64,
    pub actor: String,
    pub operation: String,
    pub kind: String,
    pub resource_id: String,
    pub revision: i64,
    /// JSON array of field names.
    pub changed: String,
    /// The resource after the change as JSON, without personal fields.
    pub after: String,
    /// Source of an upsert.
    pub source: Option<String>,
    /// Portfolio, program, partner after the change, then before it.
    pub places: [Option<String>; 6],
    /// The engagement of the resource; it cannot change.
    pub engagement: Option<String>,
    pub request_id: String,
    pub prev_hash: String,
    pub hash: String,
}

const COLUMNS: &[(&str, ColumnType)] = &[
    ("org", ColumnType::Text),
    ("seq", ColumnType::Int),
    ("at", ColumnType::Int),
    ("actor", ColumnType::Text),
    ("operation", ColumnType::Text),
    ("kind", ColumnType::Text),
    ("resource_id", ColumnType::Text),
    ("revision", ColumnType::Int),
    ("changed", ColumnType::Text),
    ("after", ColumnType::Text),
    ("source", ColumnType::Text),
    ("portfolio", ColumnType::Text),
    ("program", ColumnType::Text),
    ("partner", ColumnType::Text),
    ("portfolio_before", ColumnType::Text),
    ("program_before", ColumnType::Text),
    ("partner_before", ColumnType::Text),
    ("engagement", ColumnType::Text),
    ("request_id", ColumnType::Text),
    ("prev_hash", ColumnType::Text),
    ("hash", ColumnType::Text),
];

/// Hash before the first entry.
pub const GENESIS: &str = "";

impl Entry {
    /// The digest of everything in the entry, including the previous digest.
    pub fn digest(&self, org: &str) -> String {
        let Self {
            seq,
            at,
            actor,
            operation,
            kind,
            resource_id,
            revision,
            changed,
            after,
            source,
            places,
            engagement,
            ..
        } = self;
        let mut sha = Sha256::new();
        for number in [seq, at, revision] {
            sha.update(number.to_be_bytes());
        }
        let texts = [org, actor, operation, kind, resource_id, changed, after, &self.request_id, &self.prev_hash];
        let maybe = std::iter::once(source).chain(places).chain([engagement]).map(|text| text.as_deref());
        // Lengths and presence are part of the digest, so that text cannot be moved between fields.
        for text in texts.into_iter().map(Some).chain(maybe) {
            sha.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            sha.update(text.unwrap_or_default());
        }
        hex(&sha.finalize())
    }

    fn cells(self, org: &str) -> Vec<Cell> {
        let text = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
        let mut cells = vec![
            Cell::Text(org.to_owned()),
            Cell::Int(self.seq),
            Cell::Int(self.at),
            Cell::Text(self.actor),
            Cell::Text(self.operation),
            Cell::Text(self.kind),
            Cell::Text(self.resource_id),
            Cell::Int(self.revision),
            Cell::Text(self.changed),
            Cell::Text(self.after),
            text(self.source),
        ];
        cells.extend(self.places.map(text));
        cells.push(text(self.engagement));
        cells.extend([self.request_id, self.prev_hash, self.hash].map(Cell::Text));
        cells
    }

    fn load(row: Vec<Cell>) -> Result<Self, Fail> {
        let mut cells = Cells::new(row);
        let mut load = || {
            cells.text()?;
            let (seq, at) = (cells.int()?, cells.int()?);
            let [actor, operation, kind, resource_id] = [cells.text()?, cells.text()?, cells.text()?, cells.text()?];
            let (revision, changed, after, source) = (cells.int()?, cells.text()?, cells.text()?, cells.text());
            let (places, engagement) = (std::array::from_fn(|_| cells.text()), cells.text());
            let [request_id, prev_hash, hash] = [cells.text()?, cells.text()?, cells.text()?];
            Some(Self {
                seq,
                at,
                actor,
                operation,
                kind,
                resource_id,
                revision,
                changed,
                after,
                source,
                places,
                engagement,
                request_id,
                prev_hash,
                hash,
            })
        };
        load().ok_or_else(|| Fail::broken("a log entry cannot be parsed".to_owned()))
    }
}

/// The head of the log as visible to this connection: in a snapshot, that of the snapshot.
pub async fn head_in(conn: &Conn, org: &str) -> Result<Head, Fail> {
    get_head(conn, org, false).await
}

/// The head of the log. With `hold`, the row is locked on PostgreSQL, so that the next writer waits.
pub(crate) async fn get_head(conn: &Conn, org: &str, hold: bool) -> Result<Head, Fail> {
    let mut sql = Sql::new("SELECT seq, at, hash, epoch FROM log_head WHERE org = ");
    sql.text(org);
    if hold && conn.is_postgres() {
        sql.push(" FOR UPDATE");
    }
    let row = conn.one(sql).await?.ok_or_else(|| Fail::Refused(steerco_domain::Error::not_found("organisation")))?;
    Ok(Head { seq: row.get(0)?, at: Instant::from_micros(row.get(1)?), hash: row.get(2)?, epoch: row.get(3)? })
}

/// Creates the head that the first entry of a new organisation follows.
pub(crate) async fn create_head(conn: &Conn, org: &str) -> Result<(), Fail> {
    let mut sql = Sql::new("INSERT INTO tenant (org) VALUES (");
    sql.text(org).push(")");
    conn.run(sql).await?;
    let mut sql = Sql::new("INSERT INTO log_head (org, seq, at, hash, epoch) VALUES (");
    sql.text(org).push(", 0, 0, ").text(GENESIS).push(", 1)");
    conn.run(sql).await.map(|_| ())
}

pub(crate) async fn append(conn: &Conn, entries: Vec<(String, Entry)>) -> Result<(), Fail> {
    let rows = entries.into_iter().map(|(org, entry)| entry.cells(&org)).collect();
    conn.insert_many("log", COLUMNS.iter().map(|(name, ty)| (*name, *ty)), rows).await
}

/// Entries of this statement, given from its FROM on.
async fn entries(conn: &Conn, rest: Sql) -> Result<Vec<Entry>, Fail> {
    static ALL: LazyLock<Columns> =
        LazyLock::new(|| Columns::new(COLUMNS.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect()));
    conn.rows(&ALL, rest).await?.into_iter().map(Entry::load).collect()
}

fn from(org: &str, after: i64) -> Sql {
    let mut sql = Sql::new(" FROM log t WHERE t.org = ");
    sql.text(org).push(" AND t.seq > ").int(after);
    sql
}

/// Selection of log entries for the feed.
#[derive(Clone, Debug, Default)]
pub struct FeedQuery {
    pub after: i64,
    /// The last entry to return.
    pub until: i64,
    /// Kinds by the scope in which the caller may read them.
    pub kinds: Vec<(Scope, Vec<&'static str>)>,
    pub exclude_source: Option<String>,
    /// Types of events, such as `risk.assess`; all when empty.
    pub event_types: Vec<String>,
    /// Programs that a resource must belong to, or have belonged to; all when empty.
    pub programs: Vec<String>,
    /// The person or account whose grants are included, because they change what it can see.
    pub holder: Option<String>,
    pub limit: u32,
}

impl FeedQuery {
    /// `AND …`: the conditions of the selection.
    fn restrict(&self, sql: &mut Sql) {
        sql.push(" AND (");
        if let Some(holder) = &self.holder {
            sql.push("(t.kind = 'grant' AND t.after LIKE ").text(contains_pattern(holder)).push(" ESCAPE '\\') OR ");
        }
        sql.push("(1 = 1");
        if !self.event_types.is_empty() {
            sql.push(" AND t.operation IN (").texts(&self.event_types).push(")");
        }
        for (i, program) in self.programs.iter().enumerate() {
            sql.push(if i == 0 { " AND (" } else { " OR " });
            // A resource that serves several programs names them all. Ids have a fixed form, so none is a part of
            // another.
            let pattern = contains_pattern(program);
            sql.push("t.program LIKE ").text(&pattern).push(" ESCAPE '\\' OR t.program_before LIKE ");
            sql.text(&pattern).push(" ESCAPE '\\'");
        }
        sql.push(if self.programs.is_empty() { "" } else { ")" });
        for (i, (scope, kinds)) in self.kinds.iter().enumerate() {
            sql.push(if i == 0 { " AND ((t.kind IN (" } else { " OR (t.kind IN (" }).texts(kinds).push(")");
            scope.events(sql);
            sql.push(")");
        }
        sql.push(if self.kinds.is_empty() { " AND 1 = 0))" } else { ")))" });
    }
}

/// Visible entries, oldest first.
pub async fn list(conn: &Conn, org: &str, query: &FeedQuery) -> Result<Vec<Entry>, Fail> {
    if query.kinds.is_empty() && query.holder.is_none() {
        return Ok(Vec::new());
    }
    let mut sql = from(org, query.after);
    sql.push(" AND t.seq <= ").int(query.until);
    if let Some(source) = &query.exclude_source {
        sql.push(" AND t.source IS DISTINCT FROM ").text(source);
    }
    query.restrict(&mut sql);
    sql.push(" ORDER BY t.seq LIMIT ").int(i64::from(query.limit));
    entries(conn, sql).await
}

/// The previous entry of the same resource.
pub async fn find_before(conn: &Conn, org: &str, resource: &str, seq: i64) -> Result<Option<Entry>, Fail> {
    let mut sql = Sql::new(" FROM log t WHERE t.org = ");
    sql.text(org).push(" AND t.resource_id = ").text(resource).push(" AND t.seq < ").int(seq);
    sql.push(" ORDER BY t.seq DESC LIMIT 1");
    Ok(entries(conn, sql).await?.pop())
}

/// The whole log, for verification, oldest first.
pub(crate) async fn list_all(conn: &Conn, org: &str, after: i64, limit: u32) -> Result<Vec<Entry>, Fail> {
    let mut sql = from(org, after);
    sql.push(" ORDER BY t.seq LIMIT ").int(i64::from(limit));
    entries(conn, sql).await
}

/// Number and hash of the last change, including those of this transaction.
pub async fn last_change(conn: &Conn, org: &str) -> Result<Option<(i64, String)>, Fail> {
    if let Some(end) = conn.end(org) {
        return Ok(Some(end));
    }
    let mut sql = Sql::new("SELECT seq, hash FROM log WHERE org = ");
    sql.text(org).push(" ORDER BY seq DESC LIMIT 1");
    conn.one(sql).await?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// The last entry at or before this instant; 0 before the first.
pub async fn seq_at(conn: &Conn, org: &str, at: Instant) -> Result<i64, Fail> {
    let mut sql = Sql::new("SELECT seq FROM log WHERE org = ");
    sql.text(org).push(" AND at <= ").int(at.micros()).push(" ORDER BY at DESC, seq DESC LIMIT 1");
    Ok(conn.one(sql).await?.map(|row| row.get(0)).transpose()?.unwrap_or(0))
}

/// The time of this entry.
pub async fn find_at(conn: &Conn, org: &str, seq: i64) -> Result<Option<Instant>, Fail> {
    let mut sql = Sql::new("SELECT at FROM log WHERE org = ");
    sql.text(org).push(" AND seq = ").int(seq);
    let at: Option<i64> = conn.one(sql).await?.map(|row| row.get(0)).transpose()?;
    Ok(at.map(Instant::from_micros))
}
