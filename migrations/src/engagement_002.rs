//! What engagements in force are amended by, and when what was retained is released.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = [
        format!("signed_on {text}"),
        "signed_value_amount BIGINT".to_owned(),
        format!("signed_value_currency {text}"),
        "amendment_count BIGINT NOT NULL DEFAULT 0".to_owned(),
        format!("retention_release_on {text}"),
    ];
    let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
    run(manager, &add("engagement").chain(add("engagement_rev")).collect::<Vec<_>>()).await
}
