//! Exchange rates.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("exchange_rate")
            .text("rate_type")
            .text_null("rate_set")
            .text("base_currency")
            .text("quote_currency")
            .text("effective_on")
            .text("rate")
            .text_null("source_reference")
            .text("series")
            .unique(&["series", "effective_on"])
            .create(manager)
            .await
    }
}
