//! Work calendars.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
}
