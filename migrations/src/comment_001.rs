//! Comments.

use sea_orm_migration::prelude::*;

use crate::table::Table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Table::new("comment")
            .text("subject_id")
            .text_null("subject_kind")
            .text("visibility")
            .text("text")
            .reference_null("author_id", "person")
            .reference_null("portfolio_id", "portfolio")
            .reference_null("program_id", "program")
            .reference_null("engagement_id", "engagement")
            .reference_null("partner_id", "partner")
            .create(manager)
            .await
    }
}
