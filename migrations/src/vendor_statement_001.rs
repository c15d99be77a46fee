//! Vendor statements.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("vendor_statement")
            .reference("engagement_id", "engagement")
            .reference_null("partner_id", "partner")
            .text("stated_on")
            .text("currency")
            .int("balance")
            .text("lines")
            .int("agrees")
            .int("account_balance")
            .text("differences")
            .int("difference_count")
            .create(manager)
            .await
    }
}
