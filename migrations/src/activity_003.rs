//! Elapsed durations and times of day of activities.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

const COLUMNS: &[&str] = &[
    "duration_kind",
    "start_time",
    "finish_time",
    "baseline_start_time",
    "baseline_finish_time",
    "constraint_time",
    "deadline_time",
];

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let add = |table: &'static str| COLUMNS.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c} {text}"));
    run(manager, &add("activity").chain(add("activity_rev")).collect::<Vec<_>>()).await
}
