//! Balances by day of posting and by vendor, made from the entries that are there; the order in which rates and batches
//! are looked for.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, run_over_all, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
    run(manager, &split(&TABLES.replace("TEXT", text_type(postgres)))).await?;
    run_over_all(manager, &["ledger_entry"], &[days(), vendors()]).await?;
    wall(manager, "day_balance", "SELECT, INSERT, UPDATE").await?;
    wall(manager, "vendor_balance", "SELECT, INSERT, UPDATE").await
}

const TABLES: &str = "
CREATE TABLE day_balance (
    org TEXT NOT NULL, program_id TEXT NOT NULL, currency TEXT NOT NULL, fiscal_period_id TEXT NOT NULL,
    account TEXT NOT NULL, posted_on TEXT NOT NULL, local_currency TEXT NOT NULL, group_currency TEXT NOT NULL,
    entries BIGINT NOT NULL, units BIGINT NOT NULL, local_units BIGINT NOT NULL, group_units BIGINT NOT NULL,
    PRIMARY KEY (org, program_id, currency, fiscal_period_id, account, posted_on, local_currency, group_currency)
);
CREATE TABLE vendor_balance (
    org TEXT NOT NULL, program_id TEXT NOT NULL, fiscal_period_id TEXT NOT NULL, account TEXT NOT NULL,
    currency TEXT NOT NULL, project_id TEXT NOT NULL, source TEXT NOT NULL, vendor_reference TEXT NOT NULL,
    commitment_id TEXT NOT NULL, engagement_id TEXT NOT NULL, entries BIGINT NOT NULL, units BIGINT NOT NULL,
    PRIMARY KEY (org, program_id, fiscal_period_id, account, currency, project_id, source, vendor_reference,
        commitment_id, engagement_id)
);
CREATE INDEX day_balance_stated ON day_balance (org, program_id)
    WHERE (local_currency <> '' OR group_currency <> '');
CREATE INDEX actuals_batch_by_source ON actuals_batch (org, source, created_at);
CREATE INDEX exchange_rate_rev_by_series ON exchange_rate_rev (org, series, effective_on)";

/// Both sides of every entry of a program, as columns of a balance; `{sign}` stands for the sign of the side.
fn sides(more: &str) -> String {
    let side = |account: &str, sign: &str| {
        format!(
            "SELECT org, program_id, fiscal_period_id, {account} AS account, amount_currency AS currency, {}, \
             {sign}amount_amount AS units FROM ledger_entry WHERE program_id IS NOT NULL AND {account} IN ('cost', \
             'budget', 'contingency', 'management_reserve', 'commitment', 'accrual', 'forecast')",
            more.replace("{sign}", sign)
        )
    };
    format!("({} UNION ALL {}) b", side("debit_account", ""), side("credit_account", "-"))
}

fn days() -> String {
    let key = "org, program_id, currency, fiscal_period_id, account, posted_on, local_currency, group_currency";
    let more = "posted_on, COALESCE(local_amount_currency, '') AS local_currency, \
                COALESCE(group_amount_currency, '') AS group_currency, \
                {sign}COALESCE(local_amount_amount, 0) AS local_units, \
                {sign}COALESCE(group_amount_amount, 0) AS group_units";
    format!(
        "INSERT INTO day_balance ({key}, entries, units, local_units, group_units) SELECT {key}, count(*), \
         CAST(sum(units) AS BIGINT), CAST(sum(local_units) AS BIGINT), CAST(sum(group_units) AS BIGINT) FROM {} \
         GROUP BY {key}",
        sides(more)
    )
}

fn vendors() -> String {
    let key = "org, program_id, fiscal_period_id, account, currency, project_id, source, vendor_reference, \
               commitment_id, engagement_id";
    let more = "COALESCE(project_id, '') AS project_id, COALESCE(source, '') AS source, \
                COALESCE(vendor_reference, '') AS vendor_reference, \
                COALESCE(commitment_id, invoiced_commitment_id, '') AS commitment_id, '' AS engagement_id";
    format!(
        "INSERT INTO vendor_balance ({key}, entries, units) SELECT {key}, count(*), CAST(sum(units) AS BIGINT) \
         FROM {} GROUP BY {key}",
        sides(more)
    )
}
