//! The paths of service level measurements.

use steerco_domain::service_level_measurement::{ProposeCreditServiceLevelMeasurement, ServiceLevelMeasurement};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<ServiceLevelMeasurement>().verb::<ProposeCreditServiceLevelMeasurement>().done()
}
