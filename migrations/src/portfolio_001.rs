//! Portfolios.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("portfolio")
            .text("code")
            .text("name")
            .reference_null("owner_id", "person")
            .text("base_currency")
            .int_null("fiscal_year_start_month")
            .text_null("tolerances")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
