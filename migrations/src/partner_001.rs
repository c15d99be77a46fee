//! Partners.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("partner")
        .text("name")
        .text("kind")
        .text("state")
        .text_null("country")
        .text_null("registration_number")
        .text("contacts")
        .text_null("risk_tier")
        .create(manager)
        .await
}
