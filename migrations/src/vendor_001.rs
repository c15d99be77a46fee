//! Claims beside what deliverables have accepted; when payables were paid, and what credit notes take off invoices.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = [
        ("deliverable", "claimed_percent BIGINT".to_owned()),
        ("payable", format!("paid_on {text}")),
        ("invoice", "credited BIGINT NOT NULL DEFAULT 0".to_owned()),
    ];
    let add = |(table, column): &(&str, String)| {
        ["", "_rev"].map(|of| format!("ALTER TABLE {table}{of} ADD COLUMN {column}"))
    };
    run(manager, &columns.iter().flat_map(add).collect::<Vec<_>>()).await
}
