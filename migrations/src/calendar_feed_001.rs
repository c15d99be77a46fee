//! Calendar feeds; their addresses are among the credentials, hashed.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("calendar_feed")
            .reference_null("program_id", "program")
            .text("name")
            .text("state")
            .int_null("address_issued_at")
            .index("program_id")
            .create(manager)
            .await
    }
}
