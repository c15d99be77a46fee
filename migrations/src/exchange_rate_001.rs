//! Exchange rates.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("exchange_rate")
        .text("rate_type")
        .text_null("rate_set")
        .text("base_currency")
        .text("quote_currency")
        .text("effective_on")
        .text("rate")
        .text_null("source_reference")
        .text("series")
        .unique(&["series", "effective_on"])
        .create(manager)
        .await
}
