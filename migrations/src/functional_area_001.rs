//! Functional areas.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("functional_area")
        .text("code")
        .text("name")
        .reference_null("lead_id", "person")
        .reference_null("parent_id", "functional_area")
        .index("parent_id")
        .unique(&["code"])
        .create(manager)
        .await
}
