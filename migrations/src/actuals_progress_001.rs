//! How far a long batch of actuals is, where several processes serve: one process alone keeps it in memory.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if !is_postgres(manager) {
        return Ok(());
    }
    run(manager, &[TABLE.replace("TEXT", text_type(true))]).await?;
    wall(manager, "actuals_progress", "SELECT, INSERT, UPDATE, DELETE").await
}

const TABLE: &str = "CREATE TABLE actuals_progress (
    org TEXT NOT NULL, source TEXT NOT NULL, batch_ref TEXT NOT NULL, upload TEXT NOT NULL, state TEXT NOT NULL,
    lines_received BIGINT NOT NULL, lines_done BIGINT NOT NULL, started_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    PRIMARY KEY (org, source, batch_ref)
)";
