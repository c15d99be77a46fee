//! How finance coded a cost beside its cost code, and rules that go by that.

use sea_orm_migration::prelude::*;

use crate::table::{Table, is_postgres, run, text_type};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = text_type(is_postgres(manager));
        run(manager, &[format!("ALTER TABLE ledger_entry ADD COLUMN coding {text}")]).await?;
        Table::new("coding_rule")
            .text_null("gl_account")
            .text_null("cost_centre")
            .text_null("wbs_element")
            .text_null("tax_code")
            .add(manager)
            .await
    }
}
