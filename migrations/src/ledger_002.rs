//! Amounts of the ledger system beside those of the transaction, and the purchase order that a cost invoices.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let columns = [
        ("local_amount_amount", "BIGINT"),
        ("local_amount_currency", text),
        ("group_amount_amount", "BIGINT"),
        ("group_amount_currency", text),
        ("purchase_order_reference", text),
        ("purchase_order_line", text),
        ("invoice_reference", text),
        ("invoiced_commitment_id", text),
        ("exceeds_order_by", "BIGINT"),
        ("exceeds_budget_by", "BIGINT"),
    ];
    let add = |(name, ty): (&str, &str)| format!("ALTER TABLE ledger_entry ADD COLUMN {name} {ty}");
    run(manager, &columns.map(add)).await?;
    let index = "CREATE INDEX ledger_entry_by_invoiced ON ledger_entry (org, invoiced_commitment_id, id) \
                 WHERE invoiced_commitment_id IS NOT NULL";
    run(manager, &[index.to_owned()]).await
}
