//! The set of exchange rates that a budget is converted by.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let add = |table: &str| format!("ALTER TABLE {table} ADD COLUMN rate_set {text}");
    run(manager, &[add("budget"), add("budget_rev")]).await
}
