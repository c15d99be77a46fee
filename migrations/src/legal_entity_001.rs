//! Legal entities.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("legal_entity")
            .text("code")
            .text("name")
            .text("currency")
            .reference("fiscal_calendar_id", "fiscal_calendar")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
