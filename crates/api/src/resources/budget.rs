//! The paths of budgets.

use axum::routing::get;
use steerco_domain::budget::{ApproveBudget, Budget, RejectBudget, SubmitBudget, WithdrawBudget};

use crate::rest::bridge;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Budget>()
        .verb::<SubmitBudget>()
        .verb::<WithdrawBudget>()
        .verb::<ApproveBudget>()
        .verb::<RejectBudget>()
        .done();
    mounted.routes = mounted.routes.route("/v1/budgets/{id}/bridge", get(bridge::get));
    mounted
}
