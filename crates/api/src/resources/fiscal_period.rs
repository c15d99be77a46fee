//! The paths of fiscal periods.

use axum::routing::post;
use steerco_domain::fiscal_period::{
    CancelClosingFiscalPeriod, CloseFiscalPeriod, FiscalPeriod, ReopenFiscalPeriod, RequestReopenFiscalPeriod,
    StartClosingFiscalPeriod,
};

use crate::rest::reconciliation;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<FiscalPeriod>()
        .verb::<StartClosingFiscalPeriod>()
        .verb::<CancelClosingFiscalPeriod>()
        .verb::<CloseFiscalPeriod>()
        .verb::<RequestReopenFiscalPeriod>()
        .verb::<ReopenFiscalPeriod>()
        .done();
    mounted.about.acts = &["reconcile"];
    mounted.routes = mounted.routes.route("/v1/fiscal-periods/{id}/reconcile", post(reconciliation::post));
    mounted
}
