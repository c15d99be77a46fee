//! The confirmation of accounts at issuers by a second person. Links made before stay in force.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let text = text_type(is_postgres(manager));
    let mut all = Vec::new();
    for table in ["principal", "principal_rev"] {
        all.push(format!("ALTER TABLE {table} ADD COLUMN unconfirmed_since BIGINT"));
        all.push(format!("ALTER TABLE {table} ADD COLUMN confirmed_by {text}"));
        all.push(format!("ALTER TABLE {table} ADD COLUMN confirmed_at BIGINT"));
    }
    run(manager, &all).await
}
