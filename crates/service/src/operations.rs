//! The one list of the operations beside those that every resource has.

use crate::operation::Operation;
use crate::{
    accruals, actuals, actuals_progress, bridge, calendar_feeds, catalogues, consumers, digest, events, exchange,
    financials, importing, progress, purchase_orders, reclassify, reconciliation, results, service_accounts,
    settlement, webhooks,
};

/// By the files in which they stand.
pub static ALL: &[&[Operation]] = &[
    progress::OPERATIONS,
    bridge::OPERATIONS,
    financials::OPERATIONS,
    accruals::OPERATIONS,
    reconciliation::OPERATIONS,
    actuals::OPERATIONS,
    actuals_progress::OPERATIONS,
    reclassify::OPERATIONS,
    purchase_orders::OPERATIONS,
    results::OPERATIONS,
    exchange::OPERATIONS,
    settlement::OPERATIONS,
    service_accounts::OPERATIONS,
    calendar_feeds::OPERATIONS,
    importing::OPERATIONS,
    events::OPERATIONS,
    consumers::OPERATIONS,
    webhooks::OPERATIONS,
    digest::OPERATIONS,
    catalogues::OPERATIONS,
];

/// All of them.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    ALL.iter().flat_map(|operations| operations.iter())
}
