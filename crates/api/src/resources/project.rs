//! The paths of projects.

use steerco_domain::project::{ActivateProject, CancelProject, CompleteProject, HoldProject, Project};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Project>()
        .verb::<ActivateProject>()
        .verb::<HoldProject>()
        .verb::<CompleteProject>()
        .verb::<CancelProject>()
        .schedule()
        .done()
}
