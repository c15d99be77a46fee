//! Routes that resources have beside what is declared: contents that are no JSON, and packages of a standard.

use axum::Router;
use axum::routing::{get, post, put};

use super::{Rest, import, import_job, ocds};

/// What this kind has of its own.
pub(crate) fn routes(kind: &str) -> Router<Rest> {
    let own = Router::new();
    match kind {
        "actuals_batch" => own.route("/v1/actuals-batches/import", post(import::import)),
        "engagement" => own
            .route("/v1/engagements/ocds-release-package", get(ocds::list_releases))
            .route("/v1/engagements/ocds-record-package", get(ocds::list_records))
            .route("/v1/engagements/{id}/ocds-release-package", get(ocds::get_releases))
            .route("/v1/engagements/{id}/ocds-record-package", get(ocds::get_record)),
        "import_job" => own.route("/v1/import-jobs/{id}/content", put(import_job::upload)),
        _ => own,
    }
}
