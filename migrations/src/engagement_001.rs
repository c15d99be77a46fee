//! Engagements.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("engagement")
        .reference("partner_id", "partner")
        .text("program_ids")
        .text("title")
        .text("kind")
        .text("state")
        .text_null("state_reason")
        .text_null("contract_reference")
        .text_null("statement_of_work")
        .money_null("value")
        .text_null("starts_on")
        .text_null("ends_on")
        .text_null("time_zone")
        .int_null("retention")
        .int_null("payment_terms_days")
        .int_null("review_deadline_days")
        .int("deemed_acceptance")
        .text("notices")
        .text("service_levels")
        .text_null("private_notes")
        .create(manager)
        .await
}
