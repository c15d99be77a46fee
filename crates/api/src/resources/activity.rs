//! The paths of activities.

use steerco_domain::activity::Activity;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Activity>().done()
}
