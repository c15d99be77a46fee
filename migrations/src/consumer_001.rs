//! Named readers of the feed, and how far each has come.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("consumer")
        .text("name")
        .text("kinds")
        .text("event_types")
        .text("program_ids")
        .text("with_labels")
        .text_null("exclude_source")
        .create(manager)
        .await?;
    let text = text_type(is_postgres(manager));
    let offset = format!(
        "CREATE TABLE consumer_offset (org {text} NOT NULL, consumer_id {text} NOT NULL, epoch BIGINT NOT NULL, \
         seq BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (org, consumer_id))"
    );
    run(manager, &[offset]).await?;
    wall(manager, "consumer_offset", "SELECT, INSERT, UPDATE").await
}
