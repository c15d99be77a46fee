//! The paths of import jobs.

use axum::routing::{get, post, put};
use steerco_domain::import_job::{ApplyImportJob, CheckImportJob, ImportJob};

use crate::rest::import_job::{list_records, start, upload};
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let check = whole::<ImportJob>().act::<CheckImportJob>(post(start::<CheckImportJob>), None);
    let mut mounted = check.act::<ApplyImportJob>(post(start::<ApplyImportJob>), None).done();
    mounted.routes = mounted
        .routes
        .route("/v1/import-jobs/{id}/content", put(upload))
        .route("/v1/import-jobs/{id}/records", get(list_records));
    mounted.about.acts = &["upload"];
    mounted
}
