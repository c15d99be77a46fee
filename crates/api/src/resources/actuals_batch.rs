//! The paths of batches of actuals: posted, so that callers neither create them field by field nor delete them.

use axum::routing::post;
use steerco_domain::actuals_batch::ActualsBatch;

use crate::rest::import;
use crate::rest::mount::{Mounted, fixed};

pub(super) fn mount() -> Mounted {
    let mut mounted = fixed::<ActualsBatch>().done();
    mounted.about.acts = &["adjust", "override"];
    mounted.routes = mounted.routes.route("/v1/actuals-batches/import", post(import::import));
    mounted
}
