//! The paths of cost categories.

use steerco_domain::cost_category::CostCategory;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<CostCategory>().done()
}
