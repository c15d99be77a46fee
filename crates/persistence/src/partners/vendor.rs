//! Queries on claims, reviews and payables for decisions about them, independent of the rights of the caller.

use steerco_domain::Resource;
use steerco_domain::commitment::Commitment;
use steerco_domain::invoice::Invoice;
use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_update::MilestoneUpdate;
use steerco_domain::money::Currency;
use steerco_domain::payable::Payable;
use steerco_domain::review::Review;
use steerco_domain::time::Instant;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// ` FROM` the live rows of this kind whose column has this value.
fn live<R: Resource>(org: &str, column: &str, value: &str) -> Sql {
    let mut sql = Sql::new(" FROM \"");
    sql.push(R::KIND.name).push("\" t WHERE t.org = ").text(org).push(" AND t.deleted_at IS NULL AND t.");
    sql.push(column).push(" = ").text(value);
    sql
}

/// The live resource with this id, for a decision about another resource.
pub async fn find<R: Resource>(conn: &Conn, org: &str, id: &str) -> Result<Option<R>, Fail> {
    Ok(conn.resources(live::<R>(org, "id", id)).await?.pop())
}

/// The paid milestones of an engagement.
pub async fn list_paid_milestones(conn: &Conn, org: &str, engagement: &str) -> Result<Vec<Milestone>, Fail> {
    let mut sql = live::<Milestone>(org, "engagement_id", engagement);
    sql.push(" AND (t.payment_amount IS NOT NULL OR t.payment_share IS NOT NULL)");
    conn.resources(sql).await
}

/// The milestones of a deliverable that were ever claimed.
pub async fn list_claimed_milestones(conn: &Conn, org: &str, deliverable: &str) -> Result<Vec<Milestone>, Fail> {
    let mut sql = live::<Milestone>(org, "deliverable_id", deliverable);
    sql.push(" AND t.update_count > 0");
    conn.resources(sql).await
}

/// The claim of a milestone that awaits review.
pub async fn find_open_claim(conn: &Conn, org: &str, milestone: &str) -> Result<Option<MilestoneUpdate>, Fail> {
    let mut sql = live::<MilestoneUpdate>(org, "milestone_id", milestone);
    sql.push(" AND t.state = 'submitted' LIMIT 1");
    Ok(conn.resources(sql).await?.pop())
}

/// The last claim of a milestone that still counts, except this one.
pub async fn find_claim_before(
    conn: &Conn,
    org: &str,
    milestone: &str,
    but: &str,
) -> Result<Option<MilestoneUpdate>, Fail> {
    let mut sql = live::<MilestoneUpdate>(org, "milestone_id", milestone);
    sql.push(" AND t.state NOT IN ('withdrawn', 'superseded') AND t.id <> ").text(but);
    sql.push(" ORDER BY t.number DESC LIMIT 1");
    Ok(conn.resources(sql).await?.pop())
}

/// Number of reviews of a milestone that did not accept everything claimed.
pub async fn count_refusals(conn: &Conn, org: &str, milestone: &str) -> Result<i32, Fail> {
    let mut sql = Sql::new("SELECT CAST(count(*) AS bigint) FROM review WHERE org = ");
    sql.text(org).push(" AND milestone_id = ").text(milestone);
    sql.push(" AND state IN ('rejected', 'accepted_in_part', 'revoked')");
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("count gave no row"))?;
    Ok(i32::try_from(row.get::<i64>(0)?).unwrap_or(i32::MAX))
}

/// The reviews of a milestone, in the order of its claims.
pub async fn list_reviews(conn: &Conn, org: &str, milestone: &str) -> Result<Vec<Review>, Fail> {
    let mut sql = live::<Review>(org, "milestone_id", milestone);
    sql.push(" ORDER BY t.number");
    conn.resources(sql).await
}

/// The invoices and credit notes with these numbers that are neither rejected nor withdrawn.
pub async fn list_invoices(conn: &Conn, org: &str, numbers: &[String]) -> Result<Vec<Invoice>, Fail> {
    let mut found = Vec::new();
    // An organisation without invoices is not asked for each number.
    let mut any = Sql::new("SELECT 1 FROM invoice WHERE org = ");
    any.text(org).push(" LIMIT 1");
    if numbers.is_empty() || conn.one(any).await?.is_none() {
        return Ok(found);
    }
    for numbers in numbers.chunks(500) {
        let mut sql = Sql::new(" FROM invoice t WHERE t.org = ");
        sql.text(org).push(" AND t.deleted_at IS NULL AND t.state IN ('submitted', 'approved', 'paid')");
        sql.push(" AND t.number IN (").any_of(numbers).push(") ORDER BY t.id");
        found.extend(conn.resources(sql).await?);
    }
    Ok(found)
}

/// The open reviews of an engagement.
pub async fn list_open_reviews(conn: &Conn, org: &str, engagement: &str) -> Result<Vec<Review>, Fail> {
    let mut sql = live::<Review>(org, "engagement_id", engagement);
    sql.push(" AND t.state IN ('open', 'queried') ORDER BY t.id");
    conn.resources(sql).await
}

/// The payables of a milestone.
pub async fn list_payables(conn: &Conn, org: &str, milestone: &str) -> Result<Vec<Payable>, Fail> {
    let mut sql = live::<Payable>(org, "milestone_id", milestone);
    sql.push(" ORDER BY t.id");
    conn.resources(sql).await
}

/// The commitments of an engagement in this currency, oldest first.
pub async fn list_commitments(
    conn: &Conn,
    org: &str,
    engagement: &str,
    currency: Currency,
) -> Result<Vec<Commitment>, Fail> {
    let mut sql = live::<Commitment>(org, "engagement_id", engagement);
    sql.push(" AND t.requested_currency = ").text(currency.code()).push(" ORDER BY t.id");
    conn.resources(sql).await
}

/// Whether the organisation keeps the books of any company.
pub async fn has_legal_entity(conn: &Conn, org: &str) -> Result<bool, Fail> {
    let mut sql = Sql::new("SELECT 1 FROM legal_entity WHERE org = ");
    sql.text(org).push(" AND deleted_at IS NULL LIMIT 1");
    Ok(conn.one(sql).await?.is_some())
}

/// Reviews with running time that are due by this instant or whose reviewer has not been warned yet.
pub async fn list_running(conn: &Conn, org: &str, now: Instant) -> Result<Vec<Review>, Fail> {
    let mut sql = live::<Review>(org, "clock", "running");
    sql.push(" AND t.state = 'open' AND (t.due_at <= ").int(now.micros()).push(" OR t.warned_at IS NULL)");
    sql.push(" ORDER BY t.due_at, t.id");
    conn.resources(sql).await
}
