//! Activities.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("activity")
        .reference_null("program_id", "program")
        .index("program_id")
        .reference("project_id", "project")
        .text_null("wbs_code")
        .text("title")
        .int_null("duration")
        .int_null("remaining_duration")
        .text_null("duration_unit")
        .reference_null("calendar_id", "work_calendar")
        .text_null("constraint_type")
        .text_null("constraint_on")
        .text_null("percent_type")
        .int_null("physical_percent_complete")
        .int_null("percent_complete")
        .money_null("budget_at_completion")
        .int_null("actual_work_minutes")
        .int_null("remaining_work_minutes")
        .text_null("planned_start_on")
        .text_null("planned_finish_on")
        .text_null("forecast_start_on")
        .text_null("forecast_finish_on")
        .text_null("actual_start_on")
        .text_null("actual_finish_on")
        .create(manager)
        .await
}
