//! The paths of coding rules.

use steerco_domain::coding_rule::CodingRule;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<CodingRule>().done()
}
