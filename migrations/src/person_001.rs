//! People.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("person")
            .text_null("name")
            .text_null("email")
            .text_null("title")
            .reference_null("manager_id", "person")
            .text("state")
            .create(manager)
            .await
    }
}
