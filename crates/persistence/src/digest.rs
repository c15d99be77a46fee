//! What a digest of a collection is made of.

use steerco_domain::resource::Kind;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{ListQuery, Moment, push_from, restrict};
use crate::scope::Scope;
use crate::sql::Sql;

/// Id, revision and number of the last event of everything in reach, in the order of the ids.
pub async fn list_revisions(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    query: &ListQuery<'_>,
    moment: Moment,
) -> Result<Vec<(String, i64, i64)>, Fail> {
    let mut sql = Sql::new("SELECT t.id, t.revision, (SELECT max(v.seq) FROM \"");
    sql.push(kind.name).push("_rev\" v WHERE v.org = t.org AND v.id = t.id");
    if let Moment::Known { seq } = moment {
        sql.push(" AND v.seq <= ").int(seq);
    }
    sql.push(")");
    push_from(scope, kind, moment, &mut sql);
    restrict(conn, query, &mut sql);
    sql.push(" ORDER BY t.id");
    conn.all(sql).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
