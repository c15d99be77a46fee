//! Batches of purchase orders beside their rows: what became of their lines.

use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::purchase_order_batch::PurchaseOrderBatch;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::insert::Insert;
use crate::row::Row;
use crate::sql::Sql;

/// What became of a line of a purchase order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderResult {
    pub line: i32,
    pub reference: String,
    pub order_line: Option<String>,
    pub action: String,
    pub status: String,
    /// Code and explanation.
    pub reason: Option<(String, String)>,
    /// The commitment it is about, where there is one.
    pub commitment_id: Option<String>,
    pub over_budget: bool,
}

/// The batch of this name, if it is there.
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

/// A page of what became of the lines of a batch, from below this line.
pub async fn list_results(
    conn: &Conn,
    org: &str,
    batch: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<OrderResult>, Fail> {
    let mut sql =
        Sql::new("SELECT line, purchase_order_reference, purchase_order_line, action, status, reason, detail, ");
    sql.push("commitment_id, over_budget FROM purchase_order_result WHERE org = ").text(org);
    sql.push(" AND purchase_order_batch_id = ").text(batch).push(" AND line > ").int(after);
    sql.push(" ORDER BY line LIMIT ").int(i64::from(limit));
    let result = |row: &Row| {
        let (line, over_budget): (i64, i64) = (row.get(0)?, row.get(8)?);
        let (reason, detail): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
        Ok(OrderResult {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            reference: row.get(1)?,
            order_line: row.get(2)?,
            action: row.get(3)?,
            status: row.get(4)?,
            reason: reason.zip(detail),
            commitment_id: row.get(7)?,
            over_budget: over_budget != 0,
        })
    };
    conn.all(sql).await?.iter().map(result).collect()
}

/// Keeps what became of the lines of a batch.
pub(crate) async fn put(conn: &Conn, org: &str, batch: &str, results: &[OrderResult]) -> Result<(), Fail> {
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
    let row = |result: &OrderResult| {
        let (reason, detail) = result.reason.as_ref().map(|(reason, detail)| (reason, detail)).unzip();
        vec![
            Cell::Text(org.to_owned()),
            Cell::Text(batch.to_owned()),
            Cell::Int(i64::from(result.line)),
            Cell::Text(result.reference.clone()),
            text(result.order_line.as_ref()),
            Cell::Text(result.action.clone()),
            Cell::Text(result.status.clone()),
            text(reason),
            text(detail),
            text(result.commitment_id.as_ref()),
            Cell::Int(i64::from(result.over_budget)),
        ]
    };
    let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
    let rows = results.iter().map(row).collect();
    conn.insert_now(Insert::new("purchase_order_result", columns, rows)).await
}
