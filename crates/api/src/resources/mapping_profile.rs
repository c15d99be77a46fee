//! The paths of mapping profiles.

use steerco_domain::mapping_profile::MappingProfile;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<MappingProfile>().done()
}
