//! Feeding systems.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("source")
        .text("code")
        .text("name")
        .reference_null("owner_id", "person")
        .text_null("cadence")
        .text("owned_fields")
        .unique(&["code"])
        .create(manager)
        .await
}
