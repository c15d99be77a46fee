//! Mapping profiles of any kind of resource.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = [
        format!("kind {text}"),
        format!("fields {text} NOT NULL DEFAULT '[]'"),
        "empty_clears BIGINT NOT NULL DEFAULT 0".to_owned(),
    ];
    let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
    run(manager, &add("mapping_profile").chain(add("mapping_profile_rev")).collect::<Vec<_>>()).await
}
