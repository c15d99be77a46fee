//! Batches of purchase orders and what became of their lines; which budgets requests and actuals are held to.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, append_only, is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("purchase_order_batch")
        .text("source")
        .text("batch_ref")
        .reference("legal_entity_id", "legal_entity")
        .int("line_count")
        .text("outcomes")
        .int("over_budget_count")
        .text_null("override_reason")
        .text("lines_sha256")
        .unique(&["source", "batch_ref"])
        .create(manager)
        .await?;
    let text = text_type(is_postgres(manager));
    run(manager, &[RESULTS.replace("TEXT", text)]).await?;
    append_only(manager, "purchase_order_result", "purchase_order_batch_id, line").await?;
    wall(manager, "purchase_order_result", "SELECT, INSERT").await?;
    let columns = [
        ("legal_entity", "request_control"),
        ("legal_entity", "actuals_control"),
        ("commitment", "override_reason"),
        ("actuals_batch", "override_reason"),
    ];
    let add = |(table, column): (&str, &str)| {
        ["", "_rev"].map(|suffix| format!("ALTER TABLE {table}{suffix} ADD COLUMN {column} {text}"))
    };
    run(manager, &columns.map(add).concat()).await
}

const RESULTS: &str = "CREATE TABLE purchase_order_result (
    org TEXT NOT NULL, purchase_order_batch_id TEXT NOT NULL, line BIGINT NOT NULL,
    purchase_order_reference TEXT NOT NULL, purchase_order_line TEXT, action TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT, detail TEXT, commitment_id TEXT, over_budget BIGINT NOT NULL,
    PRIMARY KEY (org, purchase_order_batch_id, line)
)";
