//! Cost categories.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("cost_category")
        .text("code")
        .text("name")
        .text_null("spend")
        .int("sensitive")
        .unique(&["code"])
        .create(manager)
        .await
}
