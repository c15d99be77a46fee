//! The paths of fiscal periods.

use axum::routing::{get, post};
use steerco_domain::fiscal_period::{
    CancelClosingFiscalPeriod, CloseFiscalPeriod, FiscalPeriod, ReopenFiscalPeriod, RequestReopenFiscalPeriod,
    StartClosingFiscalPeriod,
};

use crate::rest::mount::{Mounted, whole};
use crate::rest::{accrual, reconciliation};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<FiscalPeriod>()
        .verb::<StartClosingFiscalPeriod>()
        .verb::<CancelClosingFiscalPeriod>()
        .verb::<CloseFiscalPeriod>()
        .verb::<RequestReopenFiscalPeriod>()
        .verb::<ReopenFiscalPeriod>()
        .done();
    mounted.about.acts = &["reconcile", "propose_accruals"];
    mounted.routes = mounted.routes.route("/v1/fiscal-periods/{id}/reconcile", post(reconciliation::post));
    mounted.routes = mounted.routes.route("/v1/fiscal-periods/{id}/accrual-proposal", get(accrual::get));
    mounted
}
