//! The paths of milestones.

use steerco_domain::milestone::Milestone;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Milestone>().done()
}
