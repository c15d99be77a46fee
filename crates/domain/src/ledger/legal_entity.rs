//! Legal entities: the companies in whose books costs are recorded.

use steerco_derive::{resource, words};

use crate::fiscal_calendar::FiscalCalendar;
use crate::id::Id;
use crate::money::Currency;
use crate::resource::Rules;
use crate::text::{Code, Text};

/// A company with its own books. It closes its periods independently.
#[resource(prefix = "ent", plural = "legal_entities", scope = "Organisation")]
pub struct LegalEntity {
    /// Short code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Currency of its books (ISO 4217).
    #[field(create, filter)]
    pub currency: Currency,
    /// The calendar of its fiscal years.
    #[field(create, filter, parent)]
    pub fiscal_calendar_id: Id<FiscalCalendar>,
    /// Control of commitments that would exceed the budget of their program and year; `ignore` when absent.
    #[field(write, filter)]
    pub budget_control: Option<BudgetControl>,
    /// Control of requests that would exceed it; `ignore` when absent. Uncommitted requests do not reduce the budget for
    /// other requests.
    #[field(write, filter)]
    pub request_control: Option<BudgetControl>,
    /// Control of actuals from finance that would exceed it; `ignore` when absent.
    #[field(write, filter)]
    pub actuals_control: Option<BudgetControl>,
}

/// Budget control: handling of an amount that would exceed the budget.
#[words]
pub enum BudgetControl {
    /// It is rejected, unless a person with the right to override does so.
    Stop,
    /// It is accepted and marked.
    Warn,
    /// It is accepted.
    Ignore,
}

impl Rules for LegalEntity {}
