//! The paths of milestone updates.

use steerco_domain::milestone_update::{MilestoneUpdate, WithdrawMilestoneUpdate};

use crate::rest::mount::{Mounted, posted};

pub(super) fn mount() -> Mounted {
    posted::<MilestoneUpdate>().verb::<WithdrawMilestoneUpdate>().done()
}
