//! Fiscal calendars.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("fiscal_calendar")
        .text("code")
        .text("name")
        .text("scheme")
        .int_null("start_month")
        .int_null("end_month")
        .text_null("end_weekday")
        .text_null("year_end")
        .int_null("adjustment_periods")
        .text("late_lines")
        .unique(&["code"])
        .create(manager)
        .await
}
