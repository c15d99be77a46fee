//! Cost categories, shared by budgets and the ledger.

use steerco_derive::resource;

use crate::resource::Rules;
use crate::spend::Spend;
use crate::text::{Code, Text};

/// A category of cost, such as labour, material or travel.
#[resource(prefix = "ccat", plural = "cost_categories", scope = "Organisation")]
pub struct CostCategory {
    /// Short code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Default spend type of its costs.
    #[field(write, filter)]
    pub spend: Option<Spend>,
    /// Whether its single entries are visible to finance and auditors only, such as pay.
    #[field(write, filter)]
    pub sensitive: bool,
}

impl Rules for CostCategory {}
