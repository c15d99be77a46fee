//! The head of the log when a period was closed.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let add = |table: &str, column: &str, ty: &str| format!("ALTER TABLE {table} ADD COLUMN {column} {ty}");
    let tables = ["fiscal_period", "fiscal_period_rev"];
    let columns = [("closing_log_sequence", "BIGINT"), ("closing_log_hash", text)];
    let all = tables.iter().flat_map(|table| columns.map(|(column, ty)| add(table, column, ty)));
    run(manager, &all.collect::<Vec<_>>()).await
}
