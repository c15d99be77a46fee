//! The paths of rate cards.

use steerco_domain::rate_card::{ApproveRateCard, RateCard};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<RateCard>().verb::<ApproveRateCard>().done()
}
