//! The paths of budgets.

use steerco_domain::budget::{ApproveBudget, Budget, RejectBudget, SubmitBudget, WithdrawBudget};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Budget>()
        .verb::<SubmitBudget>()
        .verb::<WithdrawBudget>()
        .verb::<ApproveBudget>()
        .verb::<RejectBudget>()
        .done()
}
