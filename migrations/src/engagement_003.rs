//! What both sides of an engagement owe each other by a day.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = ["obligations", "next_obligation_on"].map(|name| format!("{name} {text}"));
    let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
    run(manager, &add("engagement").chain(add("engagement_rev")).collect::<Vec<_>>()).await
}
