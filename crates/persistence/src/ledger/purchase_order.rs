//! Queries on batches of purchase orders: line outcomes.

use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::purchase_order_batch::{
    PurchaseOrderAction, PurchaseOrderBatch, PurchaseOrderResult, PurchaseOrderStatus,
};
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::insert::Insert;
use crate::row::Row;
use crate::sql::Sql;

/// The batch of this name, if it exists.
pub async fn find_batch(
    conn: &Conn,
    org: &str,
    source: &str,
    batch_ref: &str,
) -> Result<Option<PurchaseOrderBatch>, Fail> {
    let mut sql = Sql::new(" FROM purchase_order_batch t WHERE t.org = ");
    sql.text(org).push(" AND t.source = ").text(source).push(" AND t.batch_ref = ").text(batch_ref);
    Ok(conn.resources(sql).await?.pop())
}

/// A page of the line outcomes of a batch after this line.
pub async fn list_results(
    conn: &Conn,
    org: &str,
    batch: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<PurchaseOrderResult>, Fail> {
    let mut sql =
        Sql::new("SELECT line, purchase_order_reference, purchase_order_line, action, status, reason, detail, ");
    sql.push("commitment_id, over_budget FROM purchase_order_result WHERE org = ").text(org);
    sql.push(" AND purchase_order_batch_id = ").text(batch).push(" AND line > ").int(after);
    sql.push(" ORDER BY line LIMIT ").int(i64::from(limit));
    let result = |row: &Row| {
        let (line, over_budget): (i64, i64) = (row.get(0)?, row.get(8)?);
        let (action, status): (String, String) = (row.get(3)?, row.get(4)?);
        let broken = || Fail::broken(format!("a line has the unknown action {action} or status {status}"));
        Ok(PurchaseOrderResult {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            purchase_order_reference: row.get(1)?,
            purchase_order_line: row.get(2)?,
            action: PurchaseOrderAction::from_word(&action).ok_or_else(broken)?,
            status: PurchaseOrderStatus::from_word(&status).ok_or_else(broken)?,
            reason: row.get(5)?,
            detail: row.get(6)?,
            commitment_id: row.get(7)?,
            over_budget: over_budget != 0,
        })
    };
    conn.all(sql).await?.iter().map(result).collect()
}

/// Stores the line outcomes of a batch.
pub(crate) async fn put(conn: &Conn, org: &str, batch: &str, results: &[PurchaseOrderResult]) -> Result<(), Fail> {
    use ColumnType::{Int, Text};
    if results.is_empty() {
        return Ok(());
    }
    let columns = [
        ("org", Text),
        ("purchase_order_batch_id", Text),
        ("line", Int),
        ("purchase_order_reference", Text),
        ("purchase_order_line", Text),
        ("action", Text),
        ("status", Text),
        ("reason", Text),
        ("detail", Text),
        ("commitment_id", Text),
        ("over_budget", Int),
    ];
    let text = |text: Option<&String>| text.map_or(Cell::Null, |text| Cell::Text(text.clone()));
    let row = |result: &PurchaseOrderResult| {
        vec![
            Cell::Text(org.to_owned()),
            Cell::Text(batch.to_owned()),
            Cell::Int(i64::from(result.line)),
            Cell::Text(result.purchase_order_reference.clone()),
            text(result.purchase_order_line.as_ref()),
            Cell::Text(result.action.word().to_owned()),
            Cell::Text(result.status.word().to_owned()),
            text(result.reason.as_ref()),
            text(result.detail.as_ref()),
            text(result.commitment_id.as_ref()),
            Cell::Int(i64::from(result.over_budget)),
        ]
    };
    let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
    let rows = results.iter().map(row).collect();
    conn.insert_now(Insert::new("purchase_order_result", columns, rows)).await
}
