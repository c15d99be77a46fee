//! When a credit note was proposed for a measurement.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::run;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |table: &str| format!("ALTER TABLE {table} ADD COLUMN credit_proposed_at BIGINT");
    run(manager, &[add("service_level_measurement"), add("service_level_measurement_rev")]).await
}
