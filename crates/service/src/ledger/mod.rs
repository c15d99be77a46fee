//! Money: budgets, commitments, actuals, forecasts, periods, exchange rates.

pub(crate) mod accrual;
pub(crate) mod actuals_batch;
pub(crate) mod actuals_invoices;
pub(crate) mod actuals_line_outcomes;
pub(crate) mod actuals_maker;
pub(crate) mod actuals_orders;
pub(crate) mod actuals_periods;
pub(crate) mod actuals_progress;
pub(crate) mod actuals_reclassify;
pub(crate) mod actuals_resolved;
pub(crate) mod actuals_sent;
pub(crate) mod actuals_stream;
pub(crate) mod bridge;
pub(crate) mod budget;
pub(crate) mod budget_control;
pub(crate) mod coding_rule;
pub(crate) mod commitment;
pub(crate) mod exchange_rate;
pub(crate) mod financials;
pub(crate) mod fiscal_period_closing;
pub(crate) mod forecast;
pub(crate) mod line_results;
pub(crate) mod purchase_order_batch;
pub(crate) mod purchase_order_desk;
pub(crate) mod reconciliation;
pub(crate) mod spread;
