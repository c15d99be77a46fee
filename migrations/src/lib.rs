//! The changes of the database, one file a change, one set for SQLite and PostgreSQL.
//!
//! A published migration is never edited. This crate must never know the domain: a migration says what the schema was
//! when it was written. A column or a table that is declared and missing fails a test, and `UPDATE=1 cargo declare` writes
//! its draft, to be read and named by a person; what rows must be changed or filled for is written by hand, with a line in
//! [`Migrator`].

mod table;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

macro_rules! migrations {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// All migrations, oldest first.
        pub struct Migrator;

        #[async_trait::async_trait]
        impl MigratorTrait for Migrator {
            fn migrations() -> Vec<Box<dyn MigrationTrait>> {
                vec![$(Box::new($name::Migration)),*]
            }
        }
    };
}

migrations![
    log_001,
    organisation_001,
    person_001,
    principal_001,
    source_001,
    service_account_001,
    portfolio_001,
    program_001,
    project_001,
    deliverable_001,
    risk_001,
    partner_001,
    engagement_001,
    milestone_001,
    comment_001,
    grant_001,
    attachment_001,
    work_calendar_001,
    functional_area_001,
    activity_001,
    dependency_001,
    progress_001,
    fiscal_calendar_001,
    legal_entity_001,
    fiscal_period_001,
    cost_category_001,
    coding_rule_001,
    budget_001,
    ledger_001,
    exchange_rate_001,
    mapping_profile_001,
    commitment_001,
    forecast_001,
    activity_002,
    dependency_002,
    mapping_profile_002,
    import_job_001,
    calendar_feed_001,
    consumer_001,
    webhook_endpoint_001,
    engagement_002,
    engagement_amendment_001,
    service_level_measurement_001,
    ledger_002,
    balance_001,
    budget_002,
    fiscal_period_002,
    milestone_update_001,
    rate_card_001,
    retention_release_001,
    invoice_001,
    vendor_statement_001,
    service_level_measurement_002,
    purchase_order_batch_001,
    vendor_001,
    ledger_003,
    mapping_profile_003,
    actuals_progress_001,
    balance_002,
    ledger_004,
    progress_002,
    engagement_003,
    review_001,
    cost_coding_001,
];
