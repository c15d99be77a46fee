//! What a digest of a collection is made of.

use steerco_domain::resource::Kind;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{ListQuery, Moment, from, restrict};
use crate::scope::Scope;

/// Ids and revisions of everything in reach, in the order of the ids.
pub async fn list_revisions(
    conn: &Conn,
    scope: &Scope,
    kind: &Kind,
    query: &ListQuery<'_>,
    moment: Moment,
) -> Result<Vec<(String, i64)>, Fail> {
    let mut sql = from(scope, kind, moment);
    sql.text.insert_str(0, "SELECT t.id, t.revision");
    restrict(conn, query, &mut sql);
    sql.push(" ORDER BY t.id");
    conn.all(sql).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
