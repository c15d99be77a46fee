//! Projects.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("project")
        .int("effective_at")
        .reference("program_id", "program")
        .text("code")
        .text("name")
        .text_null("description")
        .reference_null("manager_id", "person")
        .text_null("phase")
        .money_null("forecast_cost")
        .text_null("planned_start_on")
        .text_null("planned_finish_on")
        .text_null("forecast_start_on")
        .text_null("forecast_finish_on")
        .text_null("actual_start_on")
        .text_null("actual_finish_on")
        .text("status")
        .unique(&["code"])
        .create(manager)
        .await
}
