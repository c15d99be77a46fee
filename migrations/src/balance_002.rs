//! Balances by place and day of posting, made from the entries that are there.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, run_over_all, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(manager, &[TABLE.replace("TEXT", text_type(is_postgres(manager)))]).await?;
    run_over_all(manager, &["ledger_entry"], &[fill()]).await?;
    wall(manager, "place_day_balance", "SELECT, INSERT, UPDATE").await
}

const KEY: &str = "org, program_id, currency, fiscal_period_id, account, project_id, cost_category_id, spend, posted_on, \
                   local_currency, group_currency";

const TABLE: &str = "CREATE TABLE place_day_balance (
    org TEXT NOT NULL, program_id TEXT NOT NULL, currency TEXT NOT NULL, fiscal_period_id TEXT NOT NULL,
    account TEXT NOT NULL, project_id TEXT NOT NULL, cost_category_id TEXT NOT NULL, spend TEXT NOT NULL,
    posted_on TEXT NOT NULL, local_currency TEXT NOT NULL, group_currency TEXT NOT NULL,
    entries BIGINT NOT NULL, units BIGINT NOT NULL, local_units BIGINT NOT NULL, group_units BIGINT NOT NULL,
    PRIMARY KEY (org, program_id, currency, fiscal_period_id, account, project_id, cost_category_id, spend, posted_on,
        local_currency, group_currency)
)";

/// Both sides of every entry of a program.
fn fill() -> String {
    let side = |account: &str, sign: &str| {
        format!(
            "SELECT org, program_id, amount_currency AS currency, fiscal_period_id, {account} AS account, \
             COALESCE(project_id, '') AS project_id, COALESCE(cost_category_id, '') AS cost_category_id, \
             COALESCE(spend, '') AS spend, posted_on, COALESCE(local_amount_currency, '') AS local_currency, \
             COALESCE(group_amount_currency, '') AS group_currency, {sign}amount_amount AS units, \
             {sign}COALESCE(local_amount_amount, 0) AS local_units, \
             {sign}COALESCE(group_amount_amount, 0) AS group_units FROM ledger_entry WHERE program_id IS NOT NULL AND \
             {account} IN ('cost', 'budget', 'contingency', 'management_reserve', 'commitment', 'accrual', 'forecast')"
        )
    };
    format!(
        "INSERT INTO place_day_balance ({KEY}, entries, units, local_units, group_units) SELECT {KEY}, count(*), \
         CAST(sum(units) AS BIGINT), CAST(sum(local_units) AS BIGINT), CAST(sum(group_units) AS BIGINT) FROM ({} UNION ALL \
         {}) b GROUP BY {KEY}",
        side("debit_account", ""),
        side("credit_account", "-")
    )
}
