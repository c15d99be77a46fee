//! The account of an engagement, independent of the rights of the caller: what may be charged depends on all of it.

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

/// The whole account of this engagement, which must be visible to the caller; current, or as known after a log entry.
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

/// Live resources of this engagement in the order of creation; current, or as known after a log entry.
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

/// The commitment of a purchase order line that is linked to this engagement.
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

/// The visible entries that finance posted of this invoice, by its number or against commitments of its engagement, oldest
/// first.
pub async fn list_entries(
    conn: &Conn,
    scope: &Scope,
    engagement: &str,
    (invoice, number): (&str, &str),
) -> Result<Vec<LedgerEntry>, Fail> {
    let mut sql = from(scope, LedgerEntry::KIND, Moment::Now);
    sql.push(" AND (t.invoice_id = ").text(invoice).push(" OR t.invoice_reference = ").text(number);
    sql.push(" AND t.invoiced_commitment_id IN (SELECT c.id FROM commitment c WHERE c.org = ").text(scope.org());
    sql.push(" AND c.engagement_id = ").text(engagement).push(")) ORDER BY t.id");
    conn.resources(sql).await
}

/// The visible live engagements of a partner.
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

/// Number of engagements of a partner that are not drafts, visible or not; current, or as known after a log entry.
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

/// The live resource with this id, locked until the transaction ends.
pub async fn hold<R: Resource>(conn: &Conn, org: &str, id: &str) -> Result<Option<R>, Fail> {
    let mut sql = Sql::new(" FROM \"");
    sql.push(R::KIND.name).push("\" t WHERE t.org = ").text(org).push(" AND t.id = ").text(id);
    sql.push(" AND t.deleted_at IS NULL");
    if conn.is_postgres() {
        sql.push(" FOR NO KEY UPDATE OF t");
    }
    Ok(conn.resources(sql).await?.pop())
}
