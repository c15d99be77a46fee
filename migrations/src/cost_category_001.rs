//! Cost categories.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("cost_category")
            .text("code")
            .text("name")
            .text_null("spend")
            .int("sensitive")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
