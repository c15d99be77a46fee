//! Commitments, what they post, and how companies control their budgets.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("commitment")
        .reference("program_id", "program")
        .reference("legal_entity_id", "legal_entity")
        .reference("fiscal_period_id", "fiscal_period")
        .reference_null("project_id", "project")
        .reference_null("cost_category_id", "cost_category")
        .text_null("spend")
        .reference_null("engagement_id", "engagement")
        .text("purchase_order_reference")
        .text_null("purchase_order_line")
        .text("title")
        .int("requested_amount")
        .text("requested_currency")
        .int("committed")
        .int("received")
        .int("invoiced")
        .int("paid")
        .text("state")
        .int("final_invoice")
        .int("over_budget")
        .text_null("document_reference")
        .text_null("reason")
        .int_null("cancelled_at")
        .int("entry_count")
        .text_null("entries_sha256")
        .create(manager)
        .await?;
    let text = text_type(is_postgres(manager));
    let add = |column: &str, table: &str| format!("ALTER TABLE {table} ADD COLUMN {column} {text}");
    run(
        manager,
        &[
            // An order without a line counts as one line: null alone would differ from null.
            "CREATE UNIQUE INDEX commitment_order ON commitment (org, legal_entity_id, purchase_order_reference, \
             COALESCE(purchase_order_line, '')) WHERE deleted_at IS NULL"
                .to_owned(),
            add("commitment_id", "ledger_entry"),
            "CREATE INDEX ledger_entry_by_commitment ON ledger_entry (org, commitment_id, line) \
             WHERE commitment_id IS NOT NULL"
                .to_owned(),
            add("budget_control", "legal_entity"),
            add("budget_control", "legal_entity_rev"),
        ],
    )
    .await
}
