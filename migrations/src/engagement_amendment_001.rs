//! Engagement amendments.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("engagement_amendment")
        .reference("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .int_null("number")
        .text("title")
        .text("rationale")
        .money_null("value_change")
        .text_null("new_starts_on")
        .text_null("new_ends_on")
        .text_null("scope_change")
        .text_null("new_statement_of_work")
        .text_null("signed_on")
        .text("state")
        .text_null("submitted_by")
        .text_null("decided_by")
        .int_null("agreed_at")
        .text_null("rejection_reason")
        .money_null("old_value")
        .money_null("new_value")
        .text_null("old_starts_on")
        .text_null("old_ends_on")
        .text_null("old_statement_of_work")
        .text_null("private_notes")
        .create(manager)
        .await
}
