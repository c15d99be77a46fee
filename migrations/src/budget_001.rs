//! Budgets, transfers between their places, and who may decide on how much.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("budget")
        .reference("program_id", "program")
        .reference("legal_entity_id", "legal_entity")
        .int("fiscal_year")
        .int("version")
        .text("title")
        .text_null("justification")
        .text("currency")
        .reference_null("first_editable_period_id", "fiscal_period")
        .text("lines")
        .int("total")
        .text("state")
        .text_null("submitted_by")
        .int_null("submitted_at")
        .text_null("decided_by")
        .int_null("decided_at")
        .text_null("rejection_reason")
        .text_null("supersedes_id")
        .int("entry_count")
        .text_null("entries_sha256")
        .unique(&["program_id", "legal_entity_id", "fiscal_year", "version"])
        .create(manager)
        .await?;
    Table::new("budget_transfer")
        .reference("program_id", "program")
        .reference("legal_entity_id", "legal_entity")
        .text("transfer_type")
        .int("amount_amount")
        .text("amount_currency")
        .text("from_place")
        .text("to_place")
        .reference_null("to_program_id", "program")
        .reference_null("risk_id", "risk")
        .text("reason")
        .text("state")
        .text_null("requested_by")
        .text_null("decided_by")
        .int_null("decided_at")
        .text_null("rejection_reason")
        .int("entry_count")
        .text_null("entries_sha256")
        .index("to_program_id")
        .create(manager)
        .await?;
    Table::new("authority_limit")
        .text("role")
        .text("act")
        .int("limit_amount")
        .text("limit_currency")
        .unique(&["role", "act", "limit_currency"])
        .create(manager)
        .await
}
