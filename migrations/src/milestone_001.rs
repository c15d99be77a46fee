//! Milestones.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("milestone")
        .int("effective_at")
        .reference_null("engagement_id", "engagement")
        .reference_null("deliverable_id", "deliverable")
        .reference_null("partner_id", "partner")
        .reference_null("program_id", "program")
        .text("title")
        .text_null("description")
        .text_null("planned_on")
        .text_null("forecast_on")
        .text_null("actual_on")
        .int_null("weight")
        .money_null("payment")
        .int_null("payment_share")
        .text_null("private_notes")
        .create(manager)
        .await
}
