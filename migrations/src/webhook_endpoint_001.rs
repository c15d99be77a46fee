//! Addresses to which events are sent, and what becomes of each message.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("webhook_endpoint")
        .text("name")
        .text("url")
        .text_null("content")
        .text("kinds")
        .text("event_types")
        .text("program_ids")
        .text("with_labels")
        .text_null("exclude_source")
        .text("state")
        .text_null("disabled_reason")
        .int_null("secret_rotated_at")
        .int_null("previous_secret_until")
        .create(manager)
        .await?;
    let text = text_type(is_postgres(manager));
    let tables = TABLES.replace("TEXT", text);
    run(manager, &tables.split(';').map(str::to_owned).collect::<Vec<_>>()).await?;
    wall(manager, "webhook", "SELECT, INSERT, UPDATE").await?;
    wall(manager, "webhook_delivery", "SELECT, INSERT, UPDATE, DELETE").await
}

/// `webhook`: how far the log was read for an endpoint, by what rights, its secrets (sealed), and which node sends. A
/// delivery names an entry of the log; what it says is there.
const TABLES: &str = "
CREATE TABLE webhook (
    org TEXT NOT NULL, endpoint_id TEXT NOT NULL, rights TEXT NOT NULL, secret TEXT, secret_before TEXT,
    seq BIGINT NOT NULL, failing_since BIGINT, lease_by TEXT, lease_until BIGINT NOT NULL, PRIMARY KEY (org, endpoint_id)
);
CREATE TABLE webhook_delivery (
    org TEXT NOT NULL, endpoint_id TEXT NOT NULL, seq BIGINT NOT NULL, event_id TEXT NOT NULL, event_type TEXT NOT NULL,
    subject TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL, next_at BIGINT NOT NULL, history TEXT NOT NULL,
    created_at BIGINT NOT NULL, PRIMARY KEY (org, endpoint_id, seq)
);
CREATE INDEX webhook_delivery_by_state ON webhook_delivery (org, endpoint_id, state, seq);
CREATE INDEX webhook_delivery_by_subject ON webhook_delivery (org, endpoint_id, subject, state, seq);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (org, endpoint_id, event_id)";
