//! Service accounts.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("service_account")
            .text("name")
            .text("source_ids")
            .text("state")
            .int_null("secret_issued_at")
            .create(manager)
            .await
    }
}
