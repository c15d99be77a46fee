//! The paths of the organisation: created by `steerco init`, so that callers only read and change it.

use steerco_domain::organisation::Organisation;

use crate::rest::mount::{Mounted, fixed};

pub(super) fn mount() -> Mounted {
    fixed::<Organisation>().done()
}
