//! Projects.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
}
