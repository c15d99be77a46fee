//! Rate cards.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
