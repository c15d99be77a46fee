//! Fiscal periods.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("fiscal_period")
        .reference("legal_entity_id", "legal_entity")
        .reference_null("fiscal_calendar_id", "fiscal_calendar")
        .int("fiscal_year")
        .int("number")
        .text("name")
        .text("starts_on")
        .text("ends_on")
        .int("adjustment")
        .text("state")
        .text_null("closed_by")
        .int_null("closed_at")
        .text("closing_totals")
        .int_null("closing_sequence")
        .text_null("reopening_asked_by")
        .text_null("reopening_reason")
        .unique(&["legal_entity_id", "fiscal_year", "number"])
        .create(manager)
        .await
}
