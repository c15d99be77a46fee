//! Deliverables.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("deliverable")
        .int("effective_at")
        .reference_null("program_id", "program")
        .index("program_id")
        .reference_null("project_id", "project")
        .index("project_id")
        .text("title")
        .text_null("description")
        .reference_null("owner_id", "person")
        .text("acceptance_criteria")
        .int_null("weight")
        .text_null("earning_rule")
        .int_null("percent_complete")
        .text_null("planned_start_on")
        .text_null("planned_finish_on")
        .text_null("forecast_start_on")
        .text_null("forecast_finish_on")
        .text_null("actual_start_on")
        .text_null("actual_finish_on")
        .text("state")
        .int_null("started_at")
        .text_null("submitted_by")
        .int_null("submitted_at")
        .reference_null("reviewed_by", "person")
        .int_null("reviewed_at")
        .text_null("review_note")
        .create(manager)
        .await
}
