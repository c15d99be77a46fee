//! Currencies of the amounts that a ledger system states in that of the books and of the group.

use sea_orm_migration::prelude::*;

use crate::table::{is_postgres, run, text_type};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = text_type(is_postgres(manager));
        let add = |table: &'static str| {
            ["local_currency", "group_currency"].map(|name| format!("ALTER TABLE {table} ADD COLUMN {name} {text}"))
        };
        run(manager, &[add("mapping_profile"), add("mapping_profile_rev")].concat()).await
    }
}
