//! Portfolios.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("portfolio")
        .text("code")
        .text("name")
        .reference_null("owner_id", "person")
        .text("base_currency")
        .int_null("fiscal_year_start_month")
        .text_null("tolerances")
        .unique(&["code"])
        .create(manager)
        .await
}
