//! Costs that finance posts of the invoices of partners.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let mut all: Vec<String> =
        ["invoice", "invoice_rev"].map(|table| format!("ALTER TABLE {table} ADD COLUMN posted BIGINT")).into();
    all.push(format!("ALTER TABLE ledger_entry ADD COLUMN invoice_id {text}"));
    all.push(
        "CREATE INDEX ledger_entry_invoice ON ledger_entry (org, invoice_id) WHERE invoice_id IS NOT NULL".to_owned(),
    );
    all.push("CREATE INDEX invoice_number ON invoice (org, number)".to_owned());
    run(manager, &all).await
}
