//! The ledger: batches of actuals, entries that are only ever added, what stands under which identifier, balances.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, append_only, is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("actuals_batch")
        .text("source")
        .text("batch_ref")
        .text("batch_type")
        .reference("legal_entity_id", "legal_entity")
        .int("line_count")
        .text("outcomes")
        .int("possible_repeat_count")
        .int("entry_count")
        .text("lines_sha256")
        .text("entries_sha256")
        .unique(&["source", "batch_ref"])
        .create(manager)
        .await?;
    Table::new("ledger_entry")
        .reference_null("actuals_batch_id", "actuals_batch")
        .reference_null("budget_id", "budget")
        .reference_null("budget_transfer_id", "budget_transfer")
        .int("line")
        .text("entry_type")
        .text("debit_account")
        .text("credit_account")
        .int("amount_amount")
        .text("amount_currency")
        .text("posted_on")
        .text("legal_entity_id")
        .text("fiscal_period_id")
        .text_null("prior_period_id")
        .text_null("program_id")
        .text_null("project_id")
        .text_null("cost_category_id")
        .text_null("spend")
        .text_null("coding_rule_id")
        .text_null("source")
        .text_null("external_id")
        .text_null("cost_code")
        .text_null("document_reference")
        .text_null("vendor_reference")
        .text_null("description")
        .text_null("reverses_id")
        .text_null("corrects_id")
        .int("possible_repeat")
        .text_null("content_digest")
        .append(manager)
        .await?;
    let tables = TABLES.replace("TEXT", text_type(is_postgres(manager)));
    run(manager, &tables.split(';').map(str::to_owned).collect::<Vec<_>>()).await?;
    append_only(manager, "actuals_result", "actuals_batch_id, line").await?;
    wall(manager, "actuals_result", "SELECT, INSERT").await?;
    wall(manager, "ledger_key", "SELECT, INSERT, UPDATE").await?;
    wall(manager, "balance", "SELECT, INSERT, UPDATE").await?;
    wall(manager, "program_balance", "SELECT, INSERT, UPDATE").await
}

const TABLES: &str = "
CREATE INDEX ledger_entry_by_batch ON ledger_entry (org, actuals_batch_id, line);
CREATE INDEX ledger_entry_by_period ON ledger_entry (org, fiscal_period_id, program_id, id);
CREATE TABLE actuals_result (
    org TEXT NOT NULL, actuals_batch_id TEXT NOT NULL, line BIGINT NOT NULL, external_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT, detail TEXT, entry_id TEXT, PRIMARY KEY (org, actuals_batch_id, line)
);
CREATE TABLE ledger_key (
    org TEXT NOT NULL, source TEXT NOT NULL, external_id TEXT NOT NULL, content_digest TEXT NOT NULL,
    entry_id TEXT NOT NULL, suspense BIGINT NOT NULL, PRIMARY KEY (org, source, external_id)
);
CREATE INDEX ledger_key_by_content ON ledger_key (org, source, content_digest);
CREATE INDEX ledger_key_in_suspense ON ledger_key (org, source, entry_id) WHERE suspense = 1;
CREATE TABLE balance (
    org TEXT NOT NULL, program_id TEXT NOT NULL, fiscal_period_id TEXT NOT NULL, account TEXT NOT NULL,
    currency TEXT NOT NULL, project_id TEXT NOT NULL, cost_category_id TEXT NOT NULL, spend TEXT NOT NULL,
    entries BIGINT NOT NULL, units BIGINT NOT NULL,
    PRIMARY KEY (org, program_id, fiscal_period_id, account, currency, project_id, cost_category_id, spend)
);
CREATE INDEX balance_by_period ON balance (org, fiscal_period_id);
CREATE INDEX balance_by_project ON balance (org, project_id) WHERE project_id <> '';
CREATE INDEX balance_by_category ON balance (org, cost_category_id) WHERE cost_category_id <> '';
CREATE TABLE program_balance (
    org TEXT NOT NULL, program_id TEXT NOT NULL, account TEXT NOT NULL, currency TEXT NOT NULL,
    entries BIGINT NOT NULL, units BIGINT NOT NULL, posted_at BIGINT NOT NULL,
    PRIMARY KEY (org, program_id, account, currency)
)";
