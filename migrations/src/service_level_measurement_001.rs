//! Service level measurements.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("service_level_measurement")
        .reference("engagement_id", "engagement")
        .reference_null("partner_id", "partner")
        .text("service_level")
        .text("period_starts_on")
        .text("period_ends_on")
        .int_null("value")
        .int_null("agreed_service_minutes")
        .int_null("unplanned_downtime_minutes")
        .text("measured_by")
        .int_null("measured")
        .text("result")
        .int_null("credit_share")
        .money_null("credit")
        .text_null("terms")
        .unique(&["engagement_id", "service_level", "period_starts_on"])
        .create(manager)
        .await
}
