//! Budget transfers over gRPC.

use steerco_domain::budget_transfer::{
    ApproveBudgetTransfer, BudgetTransfer, RejectBudgetTransfer, WithdrawBudgetTransfer,
};
use steerco_domain::{
    approve_budget_transfer_fields, budget_transfer_fields, reject_budget_transfer_fields,
    withdraw_budget_transfer_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

budget_transfer_fields!(resource_service verbs { approve_budget_transfer ApproveBudgetTransfer, reject_budget_transfer RejectBudgetTransfer, withdraw_budget_transfer WithdrawBudgetTransfer });
approve_budget_transfer_fields!(verb_wire ApproveBudgetTransferRequest);
reject_budget_transfer_fields!(verb_wire RejectBudgetTransferRequest);
withdraw_budget_transfer_fields!(verb_wire WithdrawBudgetTransferRequest);
