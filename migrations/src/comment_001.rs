//! Comments.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
