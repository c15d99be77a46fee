//! Fiscal calendars.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
}
