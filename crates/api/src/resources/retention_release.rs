//! The paths of retention releases.

use steerco_domain::retention_release::{ApproveRetentionRelease, RejectRetentionRelease, RetentionRelease};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<RetentionRelease>().verb::<ApproveRetentionRelease>().verb::<RejectRetentionRelease>().done()
}
