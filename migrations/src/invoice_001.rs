//! Invoices.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("invoice")
        .reference("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .text("invoice_type")
        .text("number")
        .text("issued_on")
        .text_null("due_on")
        .text("currency")
        .text_null("credited_invoice_id")
        .text_null("service_level_measurement_id")
        .text_null("purchase_order_reference")
        .text_null("purchase_order_line")
        .text("lines")
        .int("net")
        .int("tax")
        .int("gross")
        .text("state")
        .text_null("state_reason")
        .text_null("decided_by")
        .int_null("decided_at")
        .text("payments")
        .int("paid")
        .text_null("paid_on")
        .text_null("dispute")
        .int_null("disputed_at")
        .text_null("dispute_answer")
        .int_null("dispute_answered_at")
        .text_null("commitment_id")
        .text_null("private_notes")
        .unique(&["partner_id", "number"])
        .create(manager)
        .await
}
