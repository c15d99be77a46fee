//! The paths of functional areas.

use steerco_domain::functional_area::FunctionalArea;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<FunctionalArea>().done()
}
