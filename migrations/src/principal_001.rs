//! Accounts at trusted issuers.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("principal")
        .reference("person_id", "person")
        .text("issuer")
        .text("subject")
        .text("state")
        .unique(&["issuer", "subject"])
        .create(manager)
        .await
}
