//! Legal entities: the companies whose books costs are in.

use steerco_derive::{resource, words};

use crate::fiscal_calendar::FiscalCalendar;
use crate::id::Id;
use crate::money::Currency;
use crate::resource::Rules;
use crate::text::{Code, Text};

/// A company with books of its own: it closes its periods by itself.
#[resource(prefix = "ent", plural = "legal_entities", scope = "Organisation")]
pub struct LegalEntity {
    /// Short handle people use.
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
    /// What happens where a commitment would exceed the budget of its program and year; `ignore` when absent.
    #[field(write, filter)]
    pub budget_control: Option<BudgetControl>,
    /// What happens where a request would; `ignore` when absent. Requests that are not committed count for none other.
    #[field(write, filter)]
    pub request_control: Option<BudgetControl>,
    /// What happens where a cost that finance posts would; `ignore` when absent.
    #[field(write, filter)]
    pub actuals_control: Option<BudgetControl>,
}

/// What happens where a budget would be exceeded.
#[words]
pub enum BudgetControl {
    /// It is refused, unless who may overrides.
    Stop,
    /// It is done and marked.
    Warn,
    /// It is done.
    Ignore,
}

impl Rules for LegalEntity {}
