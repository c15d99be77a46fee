//! By when the next condition of an acceptance is to be met.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("review").text_null("next_condition_on").add(manager).await
}
