//! The paths of engagements.

use steerco_domain::engagement::{ActivateEngagement, CompleteEngagement, Engagement, SuspendEngagement, TerminateEngagement};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Engagement>().verb::<ActivateEngagement>().verb::<CompleteEngagement>().verb::<SuspendEngagement>().verb::<TerminateEngagement>().done()
}
