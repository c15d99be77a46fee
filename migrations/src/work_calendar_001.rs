//! Work calendars.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("work_calendar")
        .text("name")
        .text("time_zone")
        .int_null("minutes_per_day")
        .text("week")
        .text("exceptions")
        .text_null("last_import")
        .create(manager)
        .await
}
