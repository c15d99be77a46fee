//! Forecasts, and the entries they post.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("forecast")
        .reference("program_id", "program")
        .reference("legal_entity_id", "legal_entity")
        .int("version")
        .text("title")
        .text_null("justification")
        .text("currency")
        .reference("first_fiscal_period_id", "fiscal_period")
        .text("lines")
        .int("total")
        .text("state")
        .text_null("submitted_by")
        .int_null("submitted_at")
        .text_null("supersedes_id")
        .int("entry_count")
        .text_null("entries_sha256")
        .unique(&["program_id", "legal_entity_id", "version"])
        .create(manager)
        .await?;
    let text = text_type(is_postgres(manager));
    run(manager, &[format!("ALTER TABLE ledger_entry ADD COLUMN forecast_id {text}")]).await
}
