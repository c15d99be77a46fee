//! Identifiers and contents are looked up by themselves: no index lets PostgreSQL read all of an organisation instead, as
//! it does where it has no statistics yet.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
