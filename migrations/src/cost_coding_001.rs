//! How finance coded a cost beside its cost code, and rules that go by that.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{Table, is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
