//! Currencies of the amounts that a ledger system states in that of the books and of the group.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let add = |table: &'static str| {
        ["local_currency", "group_currency"].map(|name| format!("ALTER TABLE {table} ADD COLUMN {name} {text}"))
    };
    run(manager, &[add("mapping_profile"), add("mapping_profile_rev")].concat()).await
}
