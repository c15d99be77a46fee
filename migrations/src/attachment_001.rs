//! Attachments and their contents: one row of `blob` for each content of an organisation, in pieces of one upload.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("attachment")
        .text("subject_id")
        .text_null("subject_kind")
        .text("visibility")
        .text("file_name")
        .text_null("description")
        .text_null("declared_sha256")
        .text("state")
        .text_null("sha256")
        .int_null("size_bytes")
        .text_null("media_type")
        .int_null("stored_at")
        .reference_null("author_id", "person")
        .reference_null("portfolio_id", "portfolio")
        .reference_null("program_id", "program")
        .reference_null("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .index("subject_id")
        .create(manager)
        .await?;
    let postgres = is_postgres(manager);
    let (text, bytes) = (text_type(postgres), if postgres { "BYTEA" } else { "BLOB" });
    let tables = [
        format!(
            "CREATE TABLE blob (org {text} NOT NULL, sha256 {text} NOT NULL, size_bytes BIGINT NOT NULL, \
             upload {text} NOT NULL, PRIMARY KEY (org, sha256), UNIQUE (org, upload))"
        ),
        format!(
            "CREATE TABLE blob_chunk (org {text} NOT NULL, upload {text} NOT NULL, n BIGINT NOT NULL, \
             bytes {bytes} NOT NULL, PRIMARY KEY (org, upload, n))"
        ),
    ];
    run(manager, &tables).await?;
    wall(manager, "blob", "SELECT, INSERT").await?;
    wall(manager, "blob_chunk", "SELECT, INSERT, DELETE").await
}
