//! The paths of partners.

use axum::routing::get;
use steerco_domain::partner::{EndPartner, Partner, ResumePartner, SuspendPartner};

use crate::rest::mount::{Mounted, whole};
use crate::rest::settlement;

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Partner>().verb::<SuspendPartner>().verb::<ResumePartner>().verb::<EndPartner>().done();
    mounted.about.acts = &["preview"];
    mounted.routes = mounted.routes.route("/v1/partners/{id}/scorecard", get(settlement::get_partner_scorecard));
    mounted
}
