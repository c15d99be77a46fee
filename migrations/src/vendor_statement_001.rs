//! Vendor statements.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("vendor_statement")
        .reference("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .text("stated_on")
        .text("currency")
        .int("balance")
        .text("lines")
        .int("agrees")
        .int("account_balance")
        .text("differences")
        .int("difference_count")
        .create(manager)
        .await
}
