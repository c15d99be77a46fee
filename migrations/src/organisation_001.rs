//! Organisations.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("organisation").text("name").text("base_currency").text("time_zone").create(manager).await
}
