//! When a credit note was proposed for a measurement.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = |table: &str| format!("ALTER TABLE {table} ADD COLUMN credit_proposed_at BIGINT");
        run(manager, &[add("service_level_measurement"), add("service_level_measurement_rev")]).await
    }
}
