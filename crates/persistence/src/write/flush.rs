//! Writes a change set: rows, history, external references, log. The only code that changes the row of a resource.

use steerco_domain::AnyResource;
use steerco_domain::actor::Actor;
use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::mask::Mask;
use steerco_domain::resource::{Kind, Place};
use steerco_domain::time::Instant;

use crate::columns::Columns;
use crate::conn::{Conn, SIZES};
use crate::fail::Fail;
use crate::head::Head;
use crate::log::Entry;
use crate::progress::{self, Step};
use crate::sql::Sql;

/// Effect on the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Insert,
    Update,
    /// Only history is written: the change takes effect before the current state.
    Backfill,
}

/// A changed resource, ready to be written.
#[derive(Clone, Debug)]
pub struct Change {
    pub kind: &'static Kind,
    how: ChangeKind,
    id: String,
    revision: i32,
    cells: Vec<Cell>,
    operation: String,
    changed: Vec<&'static str>,
    after: String,
    place: Place,
    place_before: Place,
    source: Option<String>,
    refs_gone: Vec<(String, String)>,
    refs_new: Vec<(String, String)>,
    step: Option<Step>,
    /// Whether personal fields are also blanked in history.
    erases: bool,
}

impl Change {
    /// `before` is the row before, `after` the row after the change. `action` is the name of the operation, such as
    /// `update`.
    pub fn new(
        how: ChangeKind,
        before: Option<&dyn AnyResource>,
        after: &dyn AnyResource,
        action: &str,
        source: Option<&str>,
    ) -> Self {
        let kind = after.kind();
        let mut cells = Vec::with_capacity(kind.fields.len() + 8);
        after.store(&mut cells);
        let refs = |resource: &dyn AnyResource| -> Vec<(String, String)> {
            let refs = resource.common().external_refs.0.iter();
            refs.map(|r| (r.source.as_str().to_owned(), r.external_id.as_str().to_owned())).collect()
        };
        let (old, new) = (before.map(refs).unwrap_or_default(), refs(after));
        let current = how != ChangeKind::Backfill;
        Self {
            kind,
            how,
            id: after.id_text(),
            revision: after.common().revision,
            cells,
            operation: format!("{}.{action}", kind.name),
            changed: before.map(|before| after.changed_since(before)).unwrap_or_default(),
            after: logged(after),
            place: after.place(),
            place_before: before.map(AnyResource::place).unwrap_or_default(),
            source: source.map(str::to_owned),
            refs_gone: old.iter().filter(|r| current && !new.contains(r)).cloned().collect(),
            step: Step::new(before, after).filter(|_| current),
            refs_new: new.into_iter().filter(|r| current && !old.contains(r)).collect(),
            erases: action == "erase",
        }
    }
}

/// A resource as logged: without personal fields.
pub(crate) fn logged(resource: &dyn AnyResource) -> String {
    resource.json(Mask::of(resource.kind().fields, |field| !field.personal))
}

/// The latest version of a record that its source wrote. It is not a change of the resource: no revision and no event.
#[derive(Clone, Debug)]
pub struct SourceVersion {
    pub kind: &'static Kind,
    pub source: String,
    pub external_id: String,
    pub version: i64,
}

/// Stores the versions of records of one kind, many per statement.
pub(crate) async fn set_source_versions(conn: &Conn, org: &str, set: &[SourceVersion]) -> Result<(), Fail> {
    let Some(kind) = set.first().map(|first| first.kind) else { return Ok(()) };
    let mut rest = set;
    for size in SIZES {
        while rest.len() >= *size {
            let (now, later) = rest.split_at(*size);
            rest = later;
            let mut sql = Sql::new("UPDATE external_ref SET source_version = v.column3 FROM (VALUES ");
            for (i, one) in now.iter().enumerate() {
                sql.push(if i == 0 { "(CAST(" } else { ", (CAST(" }).text(&one.source).push(" AS TEXT), CAST(");
                sql.text(&one.external_id).push(" AS TEXT), CAST(").int(one.version).push(" AS BIGINT))");
            }
            sql.push(") AS v WHERE org = ").text(org).push(" AND kind = ").text(kind.name);
            sql.push(" AND source = v.column1 AND external_id = v.column2");
            conn.run(sql).await?;
        }
    }
    Ok(())
}

/// Who changes, when, and under which request.
#[derive(Clone, Debug)]
pub struct Act {
    pub org: String,
    pub actor: Actor,
    pub now: Instant,
    pub request_id: String,
}

/// Writes the rows of the changes and returns their log entries, chained to the head.
pub(crate) async fn write(conn: &Conn, head: &mut Head, act: &Act, changes: Vec<Change>) -> Result<Vec<Entry>, Fail> {
    let at = act.now.max(head.at);
    let mut entries = Vec::with_capacity(changes.len());
    let mut inserts: Vec<(i64, Change)> = Vec::new();
    let mut steps = Vec::new();
    for mut change in changes {
        steps.extend(change.step.take());
        head.seq += 1;
        head.at = at;
        let entry = entry(head, act, &change);
        head.hash.clone_from(&entry.hash);
        entries.push(entry);
        if inserts
            .last()
            .is_some_and(|(_, last)| last.kind.name != change.kind.name || change.how != ChangeKind::Insert)
        {
            insert(conn, &act.org, std::mem::take(&mut inserts)).await?;
        }
        if change.how == ChangeKind::Insert {
            inserts.push((head.seq, change));
        } else {
            update(conn, &act.org, head.seq, change).await?;
        }
    }
    insert(conn, &act.org, inserts).await?;
    progress::apply(conn, &act.org, steps).await?;
    Ok(entries)
}

fn entry(head: &Head, act: &Act, change: &Change) -> Entry {
    let (now, before) = (change.place.clone(), change.place_before.clone());
    let mut entry = Entry {
        seq: head.seq,
        at: head.at.micros(),
        actor: act.actor.0.clone(),
        operation: change.operation.clone(),
        kind: change.kind.name.to_owned(),
        resource_id: change.id.clone(),
        revision: i64::from(change.revision),
        changed: serde_json::to_string(&change.changed).unwrap_or_default(),
        after: change.after.clone(),
        source: change.source.clone(),
        places: [now.portfolio, now.program, now.partner, before.portfolio, before.program, before.partner],
        engagement: now.engagement,
        request_id: act.request_id.clone(),
        prev_hash: head.hash.clone(),
        hash: String::new(),
    };
    entry.hash = entry.digest(&act.org);
    entry
}

/// Value of `until_seq` in a current version.
pub(crate) const OPEN: i64 = i64::MAX;

fn with_org(columns: &Columns) -> impl Iterator<Item = (&str, ColumnType)> {
    std::iter::once(("org", ColumnType::Text)).chain(columns.all.iter().map(|(name, ty)| (name.as_str(), *ty)))
}

async fn insert(conn: &Conn, org: &str, changes: Vec<(i64, Change)>) -> Result<(), Fail> {
    let Some((_, first)) = changes.first() else { return Ok(()) };
    let kind = first.kind;
    let columns = Columns::of(kind).all.len();
    let mut rows = Vec::with_capacity(changes.len());
    let mut history = Vec::with_capacity(changes.len());
    for (seq, change) in &changes {
        let mut row = Vec::with_capacity(columns + 3);
        row.push(Cell::Text(org.to_owned()));
        row.extend(change.cells.iter().cloned());
        rows.push(row.clone());
        row.extend([Cell::Int(*seq), Cell::Int(OPEN)]);
        history.push(row);
    }
    conn.insert_many(kind.name, with_org(Columns::of(kind)), rows).await?;
    conn.insert_many(&format!("{}_rev", kind.name), with_org(Columns::of_history(kind)), history).await?;
    let named = changes.iter().flat_map(|(_, change)| change.refs_new.iter().map(move |new| (change, new)));
    let named = named.map(|(change, (source, external))| {
        [org, kind.name, source, external, &change.id].map(|text| Cell::Text(text.to_owned())).to_vec()
    });
    let columns = ["org", "kind", "source", "external_id", "resource_id"].map(|name| (name, ColumnType::Text));
    conn.insert_many("external_ref", columns.into_iter(), named.collect()).await
}

async fn update(conn: &Conn, org: &str, seq: i64, change: Change) -> Result<(), Fail> {
    let kind = change.kind;
    let current = change.how == ChangeKind::Update;
    if current {
        let mut sql = Sql::new("UPDATE \"");
        sql.push(kind.name).push("\" SET ");
        for (i, ((name, ty), cell)) in Columns::of(kind).all.iter().zip(&change.cells).enumerate() {
            sql.push(if i == 0 { "" } else { ", " }).push(name).push(" = ").cell(cell, *ty);
        }
        sql.push(" WHERE org = ").text(org).push(" AND id = ").text(&change.id);
        conn.run(sql).await?;
        let mut sql = Sql::new("UPDATE \"");
        sql.push(kind.name).push("_rev\" SET until_seq = ").int(seq).push(" WHERE org = ").text(org);
        sql.push(" AND id = ").text(&change.id).push(" AND until_seq = ").int(OPEN);
        conn.run(sql).await?;
        write_refs(conn, org, &change).await?;
    }
    // A backfilled version was never current, so its span in the log is empty.
    let until = if current { OPEN } else { seq };
    let mut row = vec![Cell::Text(org.to_owned())];
    row.extend(change.cells.iter().cloned());
    row.extend([Cell::Int(seq), Cell::Int(until)]);
    conn.insert_many(&format!("{}_rev", kind.name), with_org(Columns::of_history(kind)), vec![row]).await?;
    if change.erases { erase_history(conn, org, &change).await } else { Ok(()) }
}

/// Blanks the personal fields in every version.
async fn erase_history(conn: &Conn, org: &str, change: &Change) -> Result<(), Fail> {
    let personal: Vec<String> =
        change.kind.columns().filter(|(_, _, field)| field.personal).map(|(name, _, _)| name).collect();
    if personal.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("UPDATE \"");
    sql.push(change.kind.name).push("_rev\" SET ");
    for (i, name) in personal.iter().enumerate() {
        sql.push(if i == 0 { "" } else { ", " }).push(name).push(" = NULL");
    }
    sql.push(" WHERE org = ").text(org).push(" AND id = ").text(&change.id);
    conn.run(sql).await.map(|_| ())
}

async fn write_refs(conn: &Conn, org: &str, change: &Change) -> Result<(), Fail> {
    for (source, external) in &change.refs_gone {
        let mut sql = Sql::new("DELETE FROM external_ref WHERE org = ");
        sql.text(org).push(" AND kind = ").text(change.kind.name).push(" AND source = ").text(source);
        sql.push(" AND external_id = ").text(external);
        conn.run(sql).await?;
    }
    for (source, external) in &change.refs_new {
        let mut sql = Sql::new("INSERT INTO external_ref (org, kind, source, external_id, resource_id) VALUES (");
        sql.text(org).push(", ").text(change.kind.name).push(", ").text(source).push(", ").text(external);
        sql.push(", ").text(&change.id).push(")");
        conn.run(sql).await?;
    }
    Ok(())
}
