//! Import jobs; their files and reports are contents like those of attachments.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("import_job")
        .reference_null("program_id", "program")
        .reference_null("project_id", "project")
        .reference_null("deliverable_id", "deliverable")
        .reference_null("engagement_id", "engagement")
        .text("name")
        .text("format")
        .text("source")
        .text_null("profile")
        .text_null("record_kind")
        .int("partial")
        .int("without_calendars")
        .text("state")
        .text_null("sha256")
        .int_null("size_bytes")
        .int_null("progress")
        .text("counts")
        .text_null("report_sha256")
        .text_null("failure")
        .int_null("started_at")
        .int_null("ended_at")
        .index("program_id")
        .index("project_id")
        .create(manager)
        .await
}
