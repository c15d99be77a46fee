//! Calendar feeds; their addresses are among the credentials, hashed.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("calendar_feed")
        .reference_null("program_id", "program")
        .text("name")
        .text("state")
        .int_null("address_issued_at")
        .index("program_id")
        .create(manager)
        .await
}
