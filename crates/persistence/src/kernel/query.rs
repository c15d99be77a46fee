//! Reads resources: current, as known at an instant, as effective at an instant.

use steerco_domain::field::{Cell, FieldSpec, Shape};
use steerco_domain::filter::Filter;
use steerco_domain::list::Order;
use steerco_domain::program::Program;
use steerco_domain::resource::Kind;
use steerco_domain::source::OwnedField;
use steerco_domain::time::Instant;
use steerco_domain::{AnyBox, AnyResource, RECORDS, Resource};

use crate::columns::{Columns, Version};
use crate::conn::Conn;
use crate::fail::Fail;
use crate::filter::{contains_pattern, push_after, push_filter, push_order};
use crate::scope::{Scope, Table};
use crate::sql::Sql;

/// The version of the rows to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    #[default]
    Now,
    /// As known after this log entry.
    Known { seq: i64 },
    /// As effective at an instant, as known after this log entry.
    Valid { at: Instant, seq: i64 },
}

impl Moment {
    const fn table(self) -> Table {
        match self {
            Self::Now => Table::Now,
            Self::Known { seq } | Self::Valid { seq, .. } => Table::History { known: Some(seq) },
        }
    }
}

/// Arguments of a list of resources.
#[derive(Clone, Debug)]
pub struct ListQuery<'a> {
    pub filter: Option<&'a Filter>,
    pub order: &'a Order,
    /// The sort keys of the last row of the previous page.
    pub after: Option<&'a [Cell]>,
    pub limit: u32,
    pub show_deleted: bool,
}

/// ` FROM` the rows of this moment, with the conditions of the scope.
pub(crate) fn from(scope: &Scope, kind: &Kind, moment: Moment) -> Sql {
    let mut sql = Sql::new("");
    push_from(scope, kind, moment, &mut sql);
    sql
}

/// The same as a part of a statement.
pub(crate) fn push_from(scope: &Scope, kind: &Kind, moment: Moment, sql: &mut Sql) {
    let name = kind.name;
    sql.push(" FROM ");
    // Append-only tables have no history: leaving out later rows gives the earlier state.
    let record = RECORDS.iter().any(|record| record.name == name);
    if let (true, Moment::Known { seq }) = (record, moment) {
        sql.push("\"").push(name).push("\" t");
        scope.rows(kind, Table::Now, sql);
        sql.push(" AND t.seq <= ").int(seq);
        return;
    }
    match moment {
        Moment::Now => sql.push("\"").push(name).push("\" t"),
        Moment::Known { .. } => sql.push("\"").push(name).push("_rev\" t"),
        Moment::Valid { at, seq } => {
            sql.push("(SELECT * FROM (SELECT r.*, row_number() OVER (PARTITION BY r.id ORDER BY r.effective_at DESC, ");
            sql.push("r.seq DESC) AS place FROM \"").push(name).push("_rev\" r WHERE r.org = ").text(scope.org());
            sql.push(" AND r.effective_at <= ").int(at.micros()).push(" AND r.seq <= ").int(seq);
            sql.push(") q WHERE q.place = 1) t")
        }
    };
    scope.rows(kind, moment.table(), sql);
    if let Moment::Known { seq } = moment {
        sql.push(" AND t.seq <= ").int(seq).push(" AND t.until_seq > ").int(seq);
    }
}

/// Number of programs of a portfolio that are not visible to the caller.
pub async fn count_hidden(conn: &Conn, scope: &Scope, portfolio: &str, moment: Moment) -> Result<i64, Fail> {
    if scope.is_whole_in(portfolio) {
        return Ok(0);
    }
    let (mut all, mut seen) = (Sql::new(" FROM program t WHERE t.org = "), Sql::new(""));
    all.text(scope.org());
    if let Moment::Known { seq } = moment {
        all = Sql::new(" FROM program_rev t WHERE t.org = ");
        all.text(scope.org()).push(" AND t.seq <= ").int(seq).push(" AND t.until_seq > ").int(seq);
    }
    push_from(scope, Program::KIND, moment, &mut seen);
    let mut counts = [0i64; 2];
    for (count, mut sql) in counts.iter_mut().zip([all, seen]) {
        sql.text.insert_str(0, "SELECT CAST(count(*) AS bigint)");
        sql.push(" AND t.deleted_at IS NULL AND t.portfolio_id = ").text(portfolio);
        let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
        *count = row.get(0)?;
    }
    Ok(counts[0] - counts[1])
}

/// The resource with this id, deleted or not.
pub async fn find<R: Resource>(conn: &Conn, scope: &Scope, id: &str, moment: Moment) -> Result<Option<R>, Fail> {
    typed(find_any(conn, scope, R::KIND, id, moment).await?)
}

/// The same for a kind that is determined at run time.
pub async fn find_any(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    id: &str,
    moment: Moment,
) -> Result<Option<AnyBox>, Fail> {
    let mut sql = from(scope, kind, moment);
    sql.push(" AND t.id = ").text(id);
    Ok(conn.any(kind, sql).await?.pop())
}

fn typed<R: Resource>(found: Option<AnyBox>) -> Result<Option<R>, Fail> {
    Ok(found.map(<dyn AnyResource>::typed).transpose()?)
}

/// The same, locked until the transaction ends.
pub async fn find_for_update<R: Resource>(conn: &Conn, scope: &Scope, id: &str) -> Result<Option<R>, Fail> {
    typed(find_any_for_update(conn, scope, R::KIND, id).await?)
}

/// The same for a kind that is determined at run time.
pub async fn find_any_for_update(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    id: &str,
) -> Result<Option<AnyBox>, Fail> {
    let mut sql = from(scope, kind, Moment::Now);
    sql.push(" AND t.id = ").text(id);
    if conn.is_postgres() {
        // Not FOR UPDATE, which would block transactions that only need the row to exist, and deadlock with them.
        sql.push(" FOR NO KEY UPDATE OF t");
    }
    Ok(conn.any(kind, sql).await?.pop())
}

/// Maximum number of values in one statement.
const MANY: usize = 1_000;

/// The same for many ids, in a fixed order, so that two writers do not deadlock.
pub async fn find_many_for_update(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    ids: &[String],
) -> Result<Vec<AnyBox>, Fail> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(MANY) {
        let mut sql = from(scope, kind, Moment::Now);
        sql.push(" AND t.id IN (").any_of(some).push(") ORDER BY t.id");
        if conn.is_postgres() {
            sql.push(" FOR NO KEY UPDATE OF t");
        }
        found.extend(conn.any(kind, sql).await?);
    }
    Ok(found)
}

/// A page of resources.
pub async fn list(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    query: &ListQuery<'_>,
    moment: Moment,
) -> Result<Vec<AnyBox>, Fail> {
    let mut sql = from(scope, kind, moment);
    restrict(conn, query, &mut sql);
    if let Some(last) = query.after {
        push_after(query.order, last, &mut sql);
    }
    push_order(query.order, &mut sql);
    sql.push(" LIMIT ").int(i64::from(query.limit));
    conn.any(kind, sql).await
}

/// The number of resources over all pages.
pub async fn count(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    query: &ListQuery<'_>,
    moment: Moment,
) -> Result<i64, Fail> {
    let mut sql = from(scope, kind, moment);
    sql.text.insert_str(0, "SELECT CAST(count(*) AS bigint)");
    restrict(conn, query, &mut sql);
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
    row.get(0)
}

pub(crate) fn restrict(conn: &Conn, query: &ListQuery<'_>, sql: &mut Sql) {
    if !query.show_deleted {
        sql.push(" AND t.deleted_at IS NULL");
    }
    if let Some(filter) = query.filter {
        sql.push(" AND ");
        push_filter(filter, conn.is_postgres(), sql);
    }
}

/// Visible versions of one resource, newest first, before this log entry.
pub async fn list_revisions(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    id: &str,
    before: i64,
    limit: u32,
) -> Result<Vec<(i64, AnyBox)>, Fail> {
    let mut sql = Sql::new(" FROM \"");
    sql.push(kind.name).push("_rev\" t");
    scope.rows(kind, Table::History { known: None }, &mut sql);
    sql.push(" AND t.id = ").text(id).push(" AND t.seq < ").int(before);
    sql.push(" ORDER BY t.seq DESC LIMIT ").int(i64::from(limit));
    let versions = conn.versions(kind, sql).await?;
    Ok(versions.into_iter().map(|Version { resource, seq, .. }| (seq, resource)).collect())
}

/// One version of a resource, for the replay of a response.
pub async fn find_revision(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    id: &str,
    revision: i32,
) -> Result<Option<AnyBox>, Fail> {
    let mut sql = Sql::new(" FROM \"");
    sql.push(kind.name).push("_rev\" t");
    scope.rows(kind, Table::History { known: None }, &mut sql);
    sql.push(" AND t.id = ").text(id).push(" AND t.revision = ").int(i64::from(revision));
    sql.push(" ORDER BY t.until_seq DESC, t.seq LIMIT 1");
    Ok(conn.any(kind, sql).await?.pop())
}

/// The id of an external reference, and the latest version of the record that the source wrote.
pub async fn find_ref(
    conn: &Conn,
    org: &str,
    kind: &Kind,
    source: &str,
    external: &str,
) -> Result<Option<(String, Option<i64>)>, Fail> {
    let mut sql = Sql::new("SELECT resource_id, source_version FROM external_ref WHERE org = ");
    sql.text(org).push(" AND kind = ").text(kind.name).push(" AND source = ").text(source);
    sql.push(" AND external_id = ").text(external);
    let Some(row) = conn.one(sql).await? else { return Ok(None) };
    Ok(Some((row.get(0)?, row.get(1)?)))
}

/// The same for many records of one source: external id, id and version of each stored record.
pub async fn find_refs(
    conn: &Conn,
    org: &str,
    kind: &Kind,
    source: &str,
    externals: &[&str],
) -> Result<Vec<(String, String, Option<i64>)>, Fail> {
    let mut found = Vec::with_capacity(externals.len());
    for some in externals.chunks(MANY) {
        let mut sql = Sql::new("SELECT t.external_id, t.resource_id, t.source_version");
        sql.look_up(conn.is_postgres(), ["external_ref", "external_id"], some, |sql| {
            sql.push("org = ").text(org).push(" AND kind = ").text(kind.name).push(" AND source = ").text(source);
        });
        for row in conn.all(sql).await? {
            found.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}

/// The values of these fields of a live visible resource, in order, which its children inherit.
pub async fn find_values(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    id: &str,
    fields: &[&FieldSpec],
) -> Result<Option<Vec<Cell>>, Fail> {
    let of = |field: &&FieldSpec| {
        let name = field.name;
        field.columns.iter().map(move |(suffix, ty)| (format!("{name}{suffix}"), *ty))
    };
    let columns = Columns::new(fields.iter().flat_map(of).collect());
    let mut sql = from(scope, kind, Moment::Now);
    sql.push(" AND t.id = ").text(id).push(" AND t.deleted_at IS NULL");
    Ok(conn.rows(&columns, sql).await?.pop())
}

/// Whether a live resource of this kind and id is visible. It is locked, so that it cannot be deleted before the child
/// that needs it is written.
pub async fn hold_parent(conn: &Conn, scope: &Scope, kind: &Kind, id: &str) -> Result<bool, Fail> {
    let mut sql = from(scope, kind, Moment::Now);
    sql.text.insert_str(0, "SELECT 1");
    sql.push(" AND t.id = ").text(id).push(" AND t.deleted_at IS NULL");
    if conn.is_postgres() {
        sql.push(" FOR SHARE OF t");
    }
    Ok(conn.one(sql).await?.is_some())
}

/// Whether a live resource of the organisation has this id, visible to the caller or not; for references that carry no
/// rights, such as an owner.
pub async fn exists(conn: &Conn, scope: &Scope, kind: &Kind, id: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM \"");
    sql.push(kind.name).push("\" WHERE org = ").text(scope.org()).push(" AND id = ").text(id);
    sql.push(" AND deleted_at IS NULL");
    Ok(conn.one(sql).await?.is_some())
}

/// Whether another live resource has this value in a unique field.
pub async fn is_taken(conn: &Conn, org: &str, kind: &Kind, field: &str, value: &str, id: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM \"");
    sql.push(kind.name).push("\" WHERE org = ").text(org).push(" AND deleted_at IS NULL AND ").push(field);
    sql.push(" = ").text(value).push(" AND id <> ").text(id);
    Ok(conn.one(sql).await?.is_some())
}

/// A live resource of this kind whose `field` contains `parent`, alone or among others, if there is one.
pub async fn has_child(conn: &Conn, org: &str, kind: &Kind, field: &FieldSpec, parent: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM \"");
    sql.push(kind.name).push("\" WHERE org = ").text(org).push(" AND deleted_at IS NULL AND ").push(field.name);
    match (field.shape)() {
        Shape::List { .. } => sql.push(" LIKE ").text(contains_pattern(parent)).push(" ESCAPE '\\'"),
        _ => sql.push(" = ").text(parent),
    };
    sql.push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}

/// The value of a text column of a resource, visible to the caller or not, with which its children must agree.
pub async fn find_text(conn: &Conn, org: &str, kind: &Kind, id: &str, column: &str) -> Result<Option<String>, Fail> {
    let mut sql = Sql::new("SELECT ");
    sql.push(column).push(" FROM \"").push(kind.name).push("\" WHERE org = ").text(org).push(" AND id = ").text(id);
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten())
}

/// A field owned by a source.
#[derive(Clone, Debug)]
pub struct Owned {
    pub field: OwnedField,
    /// Code of the source.
    pub source: String,
    pub source_id: String,
}

/// The owned fields of all kinds with their sources.
pub async fn list_owned_fields(conn: &Conn, org: &str) -> Result<Vec<Owned>, Fail> {
    let mut sql = Sql::new("SELECT code, owned_fields, id FROM source WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL AND owned_fields <> '[]' ORDER BY code");
    let mut owned = Vec::new();
    for row in conn.all(sql).await? {
        let (source, fields, source_id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let fields: Vec<OwnedField> = serde_json::from_str(&fields).map_err(|cause| Fail::broken(cause))?;
        let of_source = |field| Owned { field, source: source.clone(), source_id: source_id.clone() };
        owned.extend(fields.into_iter().map(of_source));
    }
    Ok(owned)
}

/// The registered source with this code.
pub async fn find_source(conn: &Conn, org: &str, code: &str) -> Result<Option<String>, Fail> {
    let mut sql = Sql::new("SELECT id FROM source WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL AND code = ").text(code);
    conn.one(sql).await?.map(|row| row.get(0)).transpose()
}

/// The programs of these portfolios.
pub async fn list_programs_of(conn: &Conn, org: &str, portfolios: &[String]) -> Result<Vec<String>, Fail> {
    if portfolios.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT id FROM program WHERE org = ");
    sql.text(org).push(" AND portfolio_id IN (").texts(portfolios).push(")");
    conn.all(sql).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()
}
