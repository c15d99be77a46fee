//! Programs.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("program")
        .int("effective_at")
        .reference("portfolio_id", "portfolio")
        .text("code")
        .text("name")
        .text_null("description")
        .reference_null("sponsor_id", "person")
        .reference_null("manager_id", "person")
        .text_null("phase")
        .text("currency")
        .text_null("planned_start_on")
        .text_null("planned_finish_on")
        .text_null("forecast_start_on")
        .text_null("forecast_finish_on")
        .text_null("actual_start_on")
        .text_null("actual_finish_on")
        .text("status")
        .text_null("tolerances")
        .unique(&["code"])
        .create(manager)
        .await
}
