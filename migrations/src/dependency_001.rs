//! Dependencies.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("dependency")
        .text("predecessor_id")
        .index("predecessor_id")
        .text("successor_id")
        .index("successor_id")
        .reference_null("predecessor_program_id", "program")
        .index("predecessor_program_id")
        .reference_null("successor_program_id", "program")
        .index("successor_program_id")
        .text_null("relation")
        .int_null("lag_days")
        .text_null("promised_on")
        .text_null("needed_on")
        .text("state")
        .text_null("description")
        .create(manager)
        .await
}
