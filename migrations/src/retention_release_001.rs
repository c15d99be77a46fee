//! Retention releases.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
