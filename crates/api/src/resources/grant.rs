//! The paths of grants.

use steerco_domain::grant::{Grant, RevokeGrant};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Grant>().verb::<RevokeGrant>().done()
}
