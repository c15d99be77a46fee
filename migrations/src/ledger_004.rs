//! Contents are looked up by the beginning of their digests where the database is embedded: digests come in no order, and
//! so an index of all of them is read and written all over with every batch.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if is_postgres(manager) {
        return Ok(());
    }
    let statements = [
        "DROP INDEX ledger_key_by_content",
        "CREATE INDEX ledger_key_by_content ON ledger_key (substr(content_digest, 1, 16))",
    ];
    run(manager, &statements.map(str::to_owned)).await
}
