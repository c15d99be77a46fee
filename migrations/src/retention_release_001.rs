//! Retention releases.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("retention_release")
            .reference("engagement_id", "engagement")
            .reference_null("partner_id", "partner")
            .int("amount_amount")
            .text("amount_currency")
            .text("reason")
            .text("state")
            .text_null("decided_by")
            .int_null("agreed_at")
            .text_null("rejection_reason")
            .create(manager)
            .await
    }
}
