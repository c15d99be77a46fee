//! The paths of engagement amendments.

use steerco_domain::engagement_amendment::{
    ApproveEngagementAmendment, EngagementAmendment, RejectEngagementAmendment, SubmitEngagementAmendment,
    WithdrawEngagementAmendment,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<EngagementAmendment>()
        .verb::<SubmitEngagementAmendment>()
        .verb::<WithdrawEngagementAmendment>()
        .verb::<ApproveEngagementAmendment>()
        .verb::<RejectEngagementAmendment>()
        .done()
}
