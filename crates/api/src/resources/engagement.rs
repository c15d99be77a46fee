//! The paths of engagements.

use axum::routing::get;
use steerco_domain::engagement::{
    ActivateEngagement, CompleteEngagement, Engagement, SuspendEngagement, TerminateEngagement,
};

use crate::rest::mount::{Mounted, whole};
use crate::rest::ocds;

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Engagement>()
        .verb::<ActivateEngagement>()
        .verb::<CompleteEngagement>()
        .verb::<SuspendEngagement>()
        .verb::<TerminateEngagement>()
        .done();
    mounted.routes = mounted.routes.route("/v1/engagements/ocds-release-package", get(ocds::list_releases));
    mounted.routes = mounted.routes.route("/v1/engagements/ocds-record-package", get(ocds::list_records));
    mounted.routes = mounted.routes.route("/v1/engagements/{id}/ocds-release-package", get(ocds::get_releases));
    mounted.routes = mounted.routes.route("/v1/engagements/{id}/ocds-record-package", get(ocds::get_record));
    mounted
}
