//! Risks.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::Table;

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    Table::new("risk")
        .reference("program_id", "program")
        .text("title")
        .text("kind")
        .text("state")
        .text_null("category")
        .text_null("cause")
        .text_null("event")
        .text_null("effect")
        .reference_null("owner_id", "person")
        .int_null("probability")
        .money_null("cost_low")
        .money_null("cost_likely")
        .money_null("cost_high")
        .int_null("schedule_impact_days")
        .text_null("exposure_from_on")
        .text_null("exposure_until_on")
        .text_null("response")
        .text_null("response_plan")
        .int_null("inherent_rating")
        .int_null("current_rating")
        .int_null("target_rating")
        .int_null("residual_probability")
        .money_null("residual_cost")
        .money_null("realised_cost")
        .money_null("expected_monetary_value")
        .create(manager)
        .await
}
