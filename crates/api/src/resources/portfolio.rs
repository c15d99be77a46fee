//! The paths of portfolios.

use steerco_domain::portfolio::Portfolio;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Portfolio>().done()
}
