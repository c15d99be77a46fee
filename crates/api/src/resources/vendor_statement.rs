//! The paths of vendor statements.

use steerco_domain::vendor_statement::VendorStatement;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<VendorStatement>().done()
}
