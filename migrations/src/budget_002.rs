//! The set of exchange rates that a budget is converted by.

use sea_orm_migration::prelude::*;

use crate::table::{is_postgres, run, text_type};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = text_type(is_postgres(manager));
        let add = |table: &str| format!("ALTER TABLE {table} ADD COLUMN rate_set {text}");
        run(manager, &[add("budget"), add("budget_rev")]).await
    }
}
