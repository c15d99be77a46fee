//! Lags in minutes, in percent, and around the clock.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = ["lag_minutes BIGINT".to_owned(), "lag_percent BIGINT".to_owned(), format!("lag_kind {text}")];
    let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
    run(manager, &add("dependency").chain(add("dependency_rev")).collect::<Vec<_>>()).await
}
