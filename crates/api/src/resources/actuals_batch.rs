//! The paths of batches of actuals: posted, so that callers neither create them field by field nor delete them.

use axum::routing::{get, post};
use steerco_domain::actuals_batch::ActualsBatch;

use crate::rest::mount::{Mounted, fixed};
use crate::rest::{actuals, import};

pub(super) fn mount() -> Mounted {
    let mut mounted = fixed::<ActualsBatch>().done();
    mounted.about.acts = &["create", "adjust", "reclassify", "override"];
    mounted.routes = mounted
        .routes
        .route("/v1/actuals-batches", post(actuals::post))
        .route("/v1/actuals-batches/import", post(import::import))
        .route("/v1/actuals-batches/progress", get(actuals::get_progress))
        .route("/v1/actuals-batches/reclassify", post(actuals::reclassify))
        .route("/v1/actuals-batches/{id}/results", get(actuals::list_results));
    mounted
}
