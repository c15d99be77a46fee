//! Money: budgets, commitments, actuals, forecasts, periods, exchange rates.

pub mod accrual;
pub(crate) mod actuals_progress;
pub(crate) mod actuals_told;
pub(crate) mod balance;
pub mod budget;
pub mod commitment;
pub mod exchange;
pub mod explanation;
pub mod financials;
pub mod forecast;
#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod ledger;
pub(crate) mod ledger_verify;
pub mod purchase_order;
pub mod reconciliation;
pub mod translation;

pub use self::ledger::*;
