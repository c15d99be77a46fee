//! Service accounts.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("service_account")
        .text("name")
        .text("source_ids")
        .text("state")
        .int_null("secret_issued_at")
        .create(manager)
        .await
}
