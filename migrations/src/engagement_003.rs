//! What both sides of an engagement owe each other by a day.

use sea_orm_migration::prelude::*;

use crate::table::{is_postgres, run, text_type};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = text_type(is_postgres(manager));
        let columns = ["obligations", "next_obligation_on"].map(|name| format!("{name} {text}"));
        let add = |table: &'static str| columns.iter().map(move |c| format!("ALTER TABLE {table} ADD COLUMN {c}"));
        run(manager, &add("engagement").chain(add("engagement_rev")).collect::<Vec<_>>()).await
    }
}
