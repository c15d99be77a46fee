//! Money: budgets, commitments, actuals, forecasts, periods, exchange rates.

pub mod accrual;
pub mod actuals_batch;
pub mod actuals_control;
pub mod actuals_line;
pub mod bridge;
pub mod budget;
pub mod budget_transfer;
pub mod coding_rule;
pub mod commitment;
pub mod cost_category;
pub mod cost_coding;
pub mod exchange;
pub mod exchange_rate;
pub mod financial_sums;
pub mod financials;
pub mod fiscal_calendar;
pub mod fiscal_period;
pub mod forecast;
pub mod ledger_account;
pub mod ledger_entry;
pub mod legal_entity;
pub mod purchase_order_batch;
pub mod reconciliation;
pub mod spend;
pub mod spread;
pub mod translation;
