//! Cost categories: kinds of cost, as budgets and ledger share them.

use steerco_derive::resource;

use crate::resource::Rules;
use crate::spend::Spend;
use crate::text::{Code, Text};

/// A kind of cost, such as labour, material or travel.
#[resource(prefix = "ccat", plural = "cost_categories", scope = "Organisation")]
pub struct CostCategory {
    /// Short handle people use.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// What its costs are where nothing else is said.
    #[field(write, filter)]
    pub spend: Option<Spend>,
    /// Whether single costs of it are nobody's business but finance's, such as pay.
    #[field(write, filter)]
    pub sensitive: bool,
}

impl Rules for CostCategory {}
