//! Dependencies.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("dependency")
            .text("predecessor_id")
            .index("predecessor_id")
            .text("successor_id")
            .index("successor_id")
            .reference_null("predecessor_program_id", "program")
            .index("predecessor_program_id")
            .reference_null("successor_program_id", "program")
            .index("successor_program_id")
            .text_null("relation")
            .int_null("lag_days")
            .text_null("promised_on")
            .text_null("needed_on")
            .text("state")
            .text_null("description")
            .create(manager)
            .await
    }
}
