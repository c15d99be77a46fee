//! Claims, reviews and payables, and what milestones, deliverables, engagements and the ledger know of them.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type};

fn of_milestone(table: &'static str) -> Table {
    Table::new(table)
        .reference("milestone_id", "milestone")
        .reference_null("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .reference_null("program_id", "program")
        .index("engagement_id")
}

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    of_milestone("milestone_update")
        .int("percent")
        .text_null("forecast_on")
        .text_null("narrative")
        .text("criteria_claimed")
        .text("evidence")
        .text_null("supersedes_id")
        .int("number")
        .int("resubmission")
        .text("state")
        .int("complete")
        .text("missing_evidence")
        .int("on_behalf")
        .text_null("review_id")
        .text_null("withdrawal_reason")
        .unique(&["milestone_id", "number"])
        .create(manager)
        .await?;
    review().create(manager).await?;
    of_milestone("payable")
        .reference("review_id", "review")
        .int("amount_amount")
        .text("amount_currency")
        .int("retained")
        .int("net")
        .text("state")
        .text_null("accepted_on")
        .int_null("released_at")
        .text_null("released_by")
        .int("invoiced")
        .int("paid")
        .text_null("reverses_id")
        .text_null("private_notes")
        .create(manager)
        .await?;
    more_columns(manager).await
}

fn review() -> Table {
    of_milestone("review")
        .reference("milestone_update_id", "milestone_update")
        .int("number")
        .int("claimed_percent")
        .text("state")
        .int_null("accepted_percent")
        .int_null("percent_before")
        .text("criteria")
        .text("conditions")
        .text_null("reason")
        .int_null("decided_at")
        .text_null("accepted_on")
        .int("deemed")
        .money_null("accepted_value")
        .text_null("query")
        .text_null("query_answer")
        .text("clock")
        .text_null("due_on")
        .int_null("due_at")
        .int_null("days_left")
        .int("disputed")
        .text("disputes")
        .int_null("revoked_at")
        .text_null("revocation_reason")
        .text_null("reviewer_id")
        .text_null("delegate_id")
        .int_null("warned_at")
        .text_null("proposal")
        .text_null("decided_by")
        .text_null("confirmed_by")
        .text("accruals")
        .int("entry_count")
        .text_null("entries_sha256")
        .text_null("private_notes")
}

/// Columns of tables that were there before.
async fn more_columns(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let engagement = Table::new("engagement").text_null("payment_rule").text_null("legal_entity_id");
    let engagement = engagement.text_null("review_calendar_id").text_null("reviewer_id");
    engagement.text_null("review_delegate_id").add(manager).await?;
    Table::new("deliverable").int_null("accepted_percent").add(manager).await?;
    let milestone = Table::new("milestone").int_null("claimed_percent").text_null("claimed_forecast_on");
    let milestone = milestone.int_null("claimed_at").int_null("accepted_percent").text_null("accepted_on");
    milestone.text_null("latest_update_id").add(manager).await?;
    let text = text_type(is_postgres(manager));
    let filled = [
        format!("acceptance_criteria {text} NOT NULL DEFAULT '[]'"),
        format!("delivery_state {text} NOT NULL DEFAULT 'scheduled'"),
        format!("payment_state {text} NOT NULL DEFAULT 'not_due'"),
        "update_count BIGINT NOT NULL DEFAULT 0".to_owned(),
        "resubmission_count BIGINT NOT NULL DEFAULT 0".to_owned(),
    ];
    let add = |column: &String| ["", "_rev"].map(|of| format!("ALTER TABLE milestone{of} ADD COLUMN {column}"));
    let mut statements: Vec<String> = filled.iter().flat_map(add).collect();
    statements.extend([
        format!("ALTER TABLE ledger_entry ADD COLUMN review_id {text}"),
        format!("ALTER TABLE ledger_entry ADD COLUMN engagement_id {text}"),
        "CREATE INDEX review_running ON review (org, due_at) WHERE clock = 'running'".to_owned(),
        "CREATE INDEX milestone_by_engagement ON milestone (org, engagement_id, id)".to_owned(),
        "CREATE INDEX milestone_by_deliverable ON milestone (org, deliverable_id, id)".to_owned(),
    ]);
    run(manager, &statements).await
}
