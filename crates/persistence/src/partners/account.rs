//! The account of an engagement, beside the rights of who asks: what may be charged hangs on all of it.

use steerco_domain::Resource;
use steerco_domain::account::Account;
use steerco_domain::commitment::Commitment;
use steerco_domain::engagement::Engagement;
use steerco_domain::ledger_entry::LedgerEntry;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{Moment, from};
use crate::scope::Scope;
use crate::sql::Sql;

/// Everything of this engagement, which the caller has found in reach, now or as it was known after an entry of the log.
pub async fn read(conn: &Conn, org: &str, engagement: Engagement, known: Option<i64>) -> Result<Account, Fail> {
    let id = engagement.id.to_string();
    Ok(Account {
        milestones: list(conn, org, &id, known).await?,
        reviews: list(conn, org, &id, known).await?,
        payables: list(conn, org, &id, known).await?,
        releases: list(conn, org, &id, known).await?,
        cards: list(conn, org, &id, known).await?,
        invoices: list(conn, org, &id, known).await?,
        engagement,
    })
}

/// Live resources that hang on this engagement, in the order of their making, now or as they were known after an entry of
/// the log.
pub async fn list<R: Resource>(conn: &Conn, org: &str, engagement: &str, known: Option<i64>) -> Result<Vec<R>, Fail> {
    let mut sql = Sql::new(" FROM \"");
    sql.push(R::KIND.name).push(if known.is_some() { "_rev\" t" } else { "\" t" });
    sql.push(" WHERE t.org = ").text(org).push(" AND t.engagement_id = ").text(engagement);
    if let Some(seq) = known {
        sql.push(" AND t.seq <= ").int(seq).push(" AND t.until_seq > ").int(seq);
    }
    sql.push(" AND t.deleted_at IS NULL ORDER BY t.id");
    conn.resources(sql).await
}

/// The commitment of a purchase order line that is bound to this engagement.
pub async fn find_commitment(
    conn: &Conn,
    org: &str,
    engagement: &str,
    reference: &str,
    line: Option<&str>,
) -> Result<Option<Commitment>, Fail> {
    let mut sql = Sql::new(" FROM commitment t WHERE t.org = ");
    sql.text(org).push(" AND t.engagement_id = ").text(engagement).push(" AND t.purchase_order_reference = ");
    sql.text(reference).push(" AND t.deleted_at IS NULL AND COALESCE(t.purchase_order_line, '') = ");
    sql.text(line.unwrap_or_default()).push(" ORDER BY t.id LIMIT 1");
    Ok(conn.resources(sql).await?.pop())
}

/// The entries in sight that finance posted with this number against commitments of this engagement, oldest first.
pub async fn list_entries(
    conn: &Conn,
    scope: &Scope,
    engagement: &str,
    number: &str,
) -> Result<Vec<LedgerEntry>, Fail> {
    let mut sql = from(scope, LedgerEntry::KIND, Moment::Now);
    sql.push(" AND t.invoice_reference = ").text(number).push(" AND t.invoiced_commitment_id IN (SELECT c.id FROM ");
    sql.push("commitment c WHERE c.org = ").text(scope.org()).push(" AND c.engagement_id = ").text(engagement);
    sql.push(") ORDER BY t.id");
    conn.resources(sql).await
}

/// The live engagements of a partner in sight.
pub async fn list_engagements(
    conn: &Conn,
    scope: &Scope,
    partner: &str,
    moment: Moment,
) -> Result<Vec<Engagement>, Fail> {
    let mut sql = from(scope, Engagement::KIND, moment);
    sql.push(" AND t.partner_id = ").text(partner).push(" AND t.deleted_at IS NULL ORDER BY t.id");
    conn.resources(sql).await
}

/// How many engagements of a partner are no drafts, in sight or not, now or as it was known after an entry of the log.
pub async fn count_engagements(conn: &Conn, org: &str, partner: &str, known: Option<i64>) -> Result<i64, Fail> {
    let mut sql = Sql::new("SELECT CAST(count(*) AS bigint) FROM engagement");
    sql.push(if known.is_some() { "_rev t WHERE t.org = " } else { " t WHERE t.org = " }).text(org);
    sql.push(" AND t.partner_id = ").text(partner).push(" AND t.deleted_at IS NULL AND t.state <> 'draft'");
    if let Some(seq) = known {
        sql.push(" AND t.seq <= ").int(seq).push(" AND t.until_seq > ").int(seq);
    }
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
    row.get(0)
}

/// The live resource of this id, held until the transaction ends.
pub async fn hold<R: Resource>(conn: &Conn, org: &str, id: &str) -> Result<Option<R>, Fail> {
    let mut sql = Sql::new(" FROM \"");
    sql.push(R::KIND.name).push("\" t WHERE t.org = ").text(org).push(" AND t.id = ").text(id);
    sql.push(" AND t.deleted_at IS NULL");
    if conn.is_postgres() {
        sql.push(" FOR NO KEY UPDATE OF t");
    }
    Ok(conn.resources(sql).await?.pop())
}
