//! What scheduling tools say of activities: baseline, float, costs, resources.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = [
        format!("activity_type {text}"),
        format!("baseline_start_on {text}"),
        format!("baseline_finish_on {text}"),
        "baseline_duration BIGINT".to_owned(),
        "baseline_cost_amount BIGINT".to_owned(),
        format!("baseline_cost_currency {text}"),
        "actual_cost_amount BIGINT".to_owned(),
        format!("actual_cost_currency {text}"),
        "remaining_cost_amount BIGINT".to_owned(),
        format!("remaining_cost_currency {text}"),
        "total_float_minutes BIGINT".to_owned(),
        "free_float_minutes BIGINT".to_owned(),
        format!("deadline_on {text}"),
        format!("resources {text} NOT NULL DEFAULT '[]'"),
        format!("notes {text}"),
    ];
    let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
    run(manager, &add("activity").chain(add("activity_rev")).collect::<Vec<_>>()).await
}
