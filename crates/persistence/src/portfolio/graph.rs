//! Reads the graph of dependencies: only the part reachable from the end of a new edge.

use steerco_domain::graph::Edge;
use steerco_domain::resource::Kind;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::from;
use crate::row::Row;
use crate::scope::Scope;
use crate::sql::Sql;

/// Condition of an edge that counts.
const LIVE: &str = " AND d.deleted_at IS NULL AND d.state <> 'dropped'";

/// Waits until no other transaction of the organisation adds an edge, because concurrent transactions do not see the
/// edges of each other.
pub async fn hold_graph(conn: &Conn, org: &str) -> Result<(), Fail> {
    if !conn.is_postgres() {
        // The only writer runs one transaction at a time.
        return Ok(());
    }
    let mut sql = Sql::new("SELECT CAST(pg_advisory_xact_lock(hashtextextended(");
    sql.text(format!("graph of {org}")).push(", 0)) AS text)");
    conn.one(sql).await.map(|_| ())
}

/// The edges reachable from these nodes, over any number of steps.
pub async fn list_edges_from(conn: &Conn, org: &str, starts: &[&str]) -> Result<Vec<Edge>, Fail> {
    let mut sql = Sql::new("WITH RECURSIVE reach(id) AS (SELECT v.column1");
    sql.push(if conn.is_postgres() { " COLLATE \"C\"" } else { "" }).push(" FROM (VALUES ");
    for (i, start) in starts.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" }).text(*start).push(")");
    }
    sql.push(") v UNION SELECT d.successor_id FROM dependency d JOIN reach ON d.predecessor_id = reach.id");
    sql.push(" WHERE d.org = ").text(org).push(LIVE);
    sql.push(") SELECT d.predecessor_id, d.successor_id FROM reach JOIN dependency d ON d.predecessor_id = reach.id");
    sql.push(" WHERE d.org = ").text(org).push(LIVE);
    let edge = |row: &Row| Ok::<_, Fail>(Edge { from: row.get(0)?, to: row.get(1)? });
    conn.all(sql).await?.iter().map(edge).collect()
}

/// Whether a dependency that is not deleted begins or ends at this node.
pub async fn has_edge(conn: &Conn, org: &str, id: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM dependency WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL AND predecessor_id = ").text(id);
    sql.push(" UNION ALL SELECT 1 FROM dependency WHERE org = ").text(org);
    sql.push(" AND deleted_at IS NULL AND successor_id = ").text(id).push(" LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}

/// The program of a live resource, which is locked so that it cannot be deleted meanwhile.
pub async fn hold_program_of(conn: &Conn, org: &str, kind: &Kind, id: &str) -> Result<Option<String>, Fail> {
    let mut sql = Sql::new("SELECT program_id FROM \"");
    sql.push(kind.name).push("\" WHERE org = ").text(org).push(" AND id = ").text(id);
    sql.push(" AND deleted_at IS NULL").push(if conn.is_postgres() { " FOR SHARE" } else { "" });
    let row = conn.one(sql).await?;
    Ok(row.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten())
}

/// Whether a live resource with this id is visible to the caller.
pub async fn is_in_reach(conn: &Conn, scope: &Scope, kind: &Kind, id: &str) -> Result<bool, Fail> {
    let mut sql = from(scope, kind, crate::query::Moment::Now);
    sql.text.insert_str(0, "SELECT 1");
    sql.push(" AND t.id = ").text(id).push(" AND t.deleted_at IS NULL");
    Ok(conn.one(sql).await?.is_some())
}
