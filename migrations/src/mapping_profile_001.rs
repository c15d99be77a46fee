//! Mapping profiles.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("mapping_profile")
        .text("code")
        .text("name")
        .text("delimiter")
        .text("encoding")
        .int_null("skip_rows")
        .int("headerless")
        .text("date_format")
        .text("decimal_separator")
        .text_null("thousands_separator")
        .text("negatives")
        .text_null("currency")
        .text("columns")
        .unique(&["code"])
        .create(manager)
        .await
}
