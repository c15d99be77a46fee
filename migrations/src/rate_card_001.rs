//! Rate cards.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("rate_card")
            .reference("engagement_id", "engagement")
            .reference_null("partner_id", "partner")
            .text("title")
            .text("effective_on")
            .text("currency")
            .text("rates")
            .text("state")
            .text_null("approved_by")
            .int_null("agreed_at")
            .text_null("private_notes")
            .create(manager)
            .await
    }
}
