//! Mapping profiles.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("mapping_profile")
            .text("code")
            .text("name")
            .text("delimiter")
            .text("encoding")
            .int_null("skip_rows")
            .int("headerless")
            .text("date_format")
            .text("decimal_separator")
            .text_null("thousands_separator")
            .text("negatives")
            .text_null("currency")
            .text("columns")
            .unique(&["code"])
            .create(manager)
            .await
    }
}
