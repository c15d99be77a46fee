//! Coding rules.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("coding_rule")
        .text("cost_code")
        .text_null("source")
        .reference_null("legal_entity_id", "legal_entity")
        .text_null("valid_from")
        .text_null("valid_until")
        .reference("program_id", "program")
        .reference_null("project_id", "project")
        .reference_null("cost_category_id", "cost_category")
        .text_null("spend")
        .create(manager)
        .await
}
