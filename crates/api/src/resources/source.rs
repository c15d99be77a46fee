//! The paths of feeding systems.

use steerco_domain::source::Source;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Source>().done()
}
