//! Mapping profiles of any kind of resource.

use sea_orm_migration::prelude::*;

use crate::table::{is_postgres, run, text_type};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = text_type(is_postgres(manager));
        let columns = [
            format!("kind {text}"),
            format!("fields {text} NOT NULL DEFAULT '[]'"),
            "empty_clears BIGINT NOT NULL DEFAULT 0".to_owned(),
        ];
        let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
        run(manager, &add("mapping_profile").chain(add("mapping_profile_rev")).collect::<Vec<_>>()).await
    }
}
