//! Whether a schedule may replace most of what is stored.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::run;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |table| format!("ALTER TABLE {table} ADD COLUMN replace BIGINT");
    run(manager, &["import_job", "import_job_rev"].map(add)).await
}
