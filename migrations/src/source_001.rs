//! Feeding systems.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("source")
            .text("code")
            .text("name")
            .reference_null("owner_id", "person")
            .text_null("cadence")
            .text("owned_fields")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
