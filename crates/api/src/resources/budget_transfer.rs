//! The paths of budget transfers.

use steerco_domain::budget_transfer::{
    ApproveBudgetTransfer, BudgetTransfer, RejectBudgetTransfer, WithdrawBudgetTransfer,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<BudgetTransfer>()
        .verb::<ApproveBudgetTransfer>()
        .verb::<RejectBudgetTransfer>()
        .verb::<WithdrawBudgetTransfer>()
        .done()
}
