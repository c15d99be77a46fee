//! The paths of authority limits.

use steerco_domain::authority_limit::AuthorityLimit;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<AuthorityLimit>().done()
}
