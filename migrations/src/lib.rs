//! The changes of the database, one file a change, one set for SQLite and PostgreSQL.
//!
//! A published migration is never edited. This crate must never know the domain: a migration says what the schema was
//! when it was written. A column or a table that is declared and missing fails a test, and `UPDATE=1 cargo declare` writes
//! its draft, to be read and named by a person. A migration that changes or fills rows is written by hand, with a line in
//! `migrations!`.

mod schema;
mod table;

use std::pin::Pin;

use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};

use schema::{SchemaManager, read_applied};

/// Runs a migration.
type Up = for<'a> fn(&'a SchemaManager<'a>) -> Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

macro_rules! migrations {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// All migrations, oldest first.
        const MIGRATIONS: &[(&str, Up)] = &[$((stringify!($name), |manager| Box::pin($name::up(manager)))),*];
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
    principal_002,
    invoice_002,
    activity_003,
    import_job_002,
];

/// The names of all migrations, oldest first.
pub fn names() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name)
}

/// Applies what is missing. A schema that is newer than this program has all it needs, and is left alone: a process of
/// the release before can be restarted during an upgrade. One that has what is unknown here and lacks what is known is
/// refused.
pub async fn apply(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let applied = read_applied(connection).await?;
    let missing = || MIGRATIONS.iter().filter(|(name, _)| !applied.iter().any(|known| known == name));
    if missing().next().is_none() {
        return Ok(());
    }
    if let Some(unknown) = applied.iter().find(|known| !names().any(|name| name == *known)) {
        return Err(DbErr::Custom(format!("the database has {unknown}, which this program does not know")));
    }
    for (name, up) in missing() {
        let connected = SchemaManager::Connection(connection);
        if connected.is_postgres() {
            let transaction = connection.begin().await?;
            let manager = SchemaManager::Transaction(&transaction);
            up(&manager).await?;
            manager.note(name).await?;
            transaction.commit().await?;
        } else {
            up(&connected).await?;
            connected.note(name).await?;
        }
        tracing::info!(migration = name, "applied");
    }
    Ok(())
}
