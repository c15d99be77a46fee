//! Partners.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("partner")
            .text("name")
            .text("kind")
            .text("state")
            .text_null("country")
            .text_null("registration_number")
            .text("contacts")
            .text_null("risk_tier")
            .create(manager)
            .await
    }
}
