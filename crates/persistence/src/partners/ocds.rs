//! Versions of an engagement and its resources from which releases are made.

use steerco_domain::Resource;
use steerco_domain::resource::Kind;
use steerco_domain::time::Instant;

use crate::columns::Version;
use crate::conn::Conn;
use crate::fail::Fail;
use crate::scope::{Scope, Table};
use crate::sql::Sql;

/// A version and the span of the log in which it was current.
#[derive(Clone, Debug)]
pub struct Spanned<R> {
    pub resource: R,
    pub seq: i64,
    pub until: i64,
}

/// The visible versions whose `column` is this id, oldest first.
pub async fn list_versions<R: Resource>(
    conn: &Conn,
    scope: &Scope,
    column: &str,
    id: &str,
) -> Result<Vec<Spanned<R>>, Fail> {
    let mut sql = Sql::new("");
    rows(scope, R::KIND, column, id, &mut sql);
    sql.push(" ORDER BY t.seq");
    let versions = conn.versions(R::KIND, sql).await?.into_iter();
    versions.map(|Version { resource, seq, until }| Ok(Spanned { resource: resource.typed()?, seq, until })).collect()
}

/// The log entries that wrote or ended one of these versions, and their times.
pub async fn list_instants(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    column: &str,
    id: &str,
) -> Result<Vec<(i64, Instant)>, Fail> {
    let mut sql = Sql::new("SELECT l.seq, l.at FROM log l WHERE l.org = ");
    sql.text(scope.org()).push(" AND (l.seq IN (SELECT t.seq");
    rows(scope, kind, column, id, &mut sql);
    sql.push(") OR l.seq IN (SELECT t.until_seq");
    rows(scope, kind, column, id, &mut sql);
    sql.push(")) ORDER BY l.seq");
    let mut instants = Vec::new();
    for row in conn.all(sql).await? {
        instants.push((row.get(0)?, Instant::from_micros(row.get(1)?)));
    }
    Ok(instants)
}

fn rows(scope: &Scope, kind: &Kind, column: &str, id: &str, sql: &mut Sql) {
    sql.push(" FROM \"").push(kind.name).push("_rev\" t");
    scope.rows(kind, Table::History { known: None }, sql);
    sql.push(" AND t.").push(column).push(" = ").text(id);
}
