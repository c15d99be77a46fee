//! The paths of legal entities.

use steerco_domain::legal_entity::LegalEntity;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<LegalEntity>().done()
}
