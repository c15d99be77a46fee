//! People.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("person")
        .text_null("name")
        .text_null("email")
        .text_null("title")
        .reference_null("manager_id", "person")
        .text("state")
        .create(manager)
        .await
}
