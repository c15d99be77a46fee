//! Budgets over gRPC.

use steerco_domain::budget::{ApproveBudget, Budget, RejectBudget, SubmitBudget, WithdrawBudget};
use steerco_domain::{
    approve_budget_fields, budget_fields, reject_budget_fields, submit_budget_fields, withdraw_budget_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

budget_fields!(resource_service verbs { submit_budget SubmitBudget, withdraw_budget WithdrawBudget, approve_budget ApproveBudget, reject_budget RejectBudget });
submit_budget_fields!(verb_wire SubmitBudgetRequest);
withdraw_budget_fields!(verb_wire WithdrawBudgetRequest);
approve_budget_fields!(verb_wire ApproveBudgetRequest);
reject_budget_fields!(verb_wire RejectBudgetRequest);
