//! The paths of risks.

use steerco_domain::risk::{AssessRisk, CloseRisk, ExpireRisk, MaterialiseRisk, RespondRisk, Risk};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Risk>()
        .verb::<AssessRisk>()
        .verb::<RespondRisk>()
        .verb::<CloseRisk>()
        .verb::<MaterialiseRisk>()
        .verb::<ExpireRisk>()
        .done()
}
