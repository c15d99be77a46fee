//! The paths of payables.

use steerco_domain::payable::{Payable, ReleasePayable};

use crate::rest::mount::{Mounted, fixed};

pub(super) fn mount() -> Mounted {
    fixed::<Payable>().verb::<ReleasePayable>().done()
}
