//! Grants.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("grant")
        .reference_null("person_id", "person")
        .reference_null("service_account_id", "service_account")
        .text("role")
        .reference_null("portfolio_id", "portfolio")
        .reference_null("program_id", "program")
        .reference_null("partner_id", "partner")
        .int_null("valid_from")
        .int_null("valid_until")
        .text_null("reason")
        .int_null("revoked_at")
        .create(manager)
        .await
}
