//! Legal entities.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("legal_entity")
        .text("code")
        .text("name")
        .text("currency")
        .reference("fiscal_calendar_id", "fiscal_calendar")
        .unique(&["code"])
        .create(manager)
        .await
}
