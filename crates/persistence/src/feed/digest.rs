//! Rows from which the digest of a collection is computed.

use steerco_domain::resource::Kind;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{ListQuery, Moment, push_from, restrict};
use crate::scope::Scope;
use crate::sql::Sql;

/// Number of rows in memory at a time.
const CHUNK: u32 = 2_000;

/// Id, revision and number of the last event of everything within reach, ordered by id.
pub async fn for_each_revision(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    query: &ListQuery<'_>,
    moment: Moment,
    mut each: impl FnMut(&str, i64, i64),
) -> Result<(), Fail> {
    let mut after = String::new();
    loop {
        let rows = conn.all(revisions_after(conn, scope, kind, query, moment, &after)).await?;
        for row in &rows {
            after = row.get(0)?;
            each(&after, row.get(1)?, row.get(2)?);
        }
        if rows.len() < CHUNK as usize {
            return Ok(());
        }
    }
}

fn revisions_after(conn: &Conn, scope: &Scope, kind: &Kind, query: &ListQuery<'_>, moment: Moment, after: &str) -> Sql {
    let mut sql = Sql::new("SELECT t.id, t.revision, (SELECT max(v.seq) FROM \"");
    sql.push(kind.name).push("_rev\" v WHERE v.org = t.org AND v.id = t.id");
    if let Moment::Known { seq } = moment {
        sql.push(" AND v.seq <= ").int(seq);
    }
    sql.push(")");
    push_from(scope, kind, moment, &mut sql);
    restrict(conn, query, &mut sql);
    sql.push(" AND t.id > ").text(after).push(" ORDER BY t.id LIMIT ").int(i64::from(CHUNK));
    sql
}
