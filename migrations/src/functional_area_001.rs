//! Functional areas.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("functional_area")
            .text("code")
            .text("name")
            .reference_null("lead_id", "person")
            .reference_null("parent_id", "functional_area")
            .index("parent_id")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
