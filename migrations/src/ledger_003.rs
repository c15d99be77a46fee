//! Identifiers and contents are looked up by themselves: no index lets PostgreSQL read all of an organisation instead, as
//! it does where it has no statistics yet.

use sea_orm_migration::prelude::*;

use crate::table::{is_postgres, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !is_postgres(manager) {
            return Ok(());
        }
        let statements = [
            "ALTER TABLE ledger_key DROP CONSTRAINT ledger_key_pkey, ADD PRIMARY KEY (external_id, source, org)",
            "DROP INDEX ledger_key_by_content",
            "CREATE INDEX ledger_key_by_content ON ledger_key (content_digest, source, org)",
        ];
        run(manager, &statements.map(str::to_owned)).await
    }
}
