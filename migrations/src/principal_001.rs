//! Accounts at trusted issuers.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("principal")
            .reference("person_id", "person")
            .text("issuer")
            .text("subject")
            .text("state")
            .unique(&["issuer", "subject"])
            .create(manager)
            .await
    }
}
