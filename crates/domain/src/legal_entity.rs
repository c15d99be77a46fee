//! Legal entities: the companies whose books costs are in.

use steerco_derive::resource;

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
}

impl Rules for LegalEntity {}
