//! Budgets over gRPC.

use steerco_domain::bridge::{BudgetBridge, BudgetBridgeSpan, BudgetBridgeStep};
use steerco_domain::budget::{ApproveBudget, Budget, RejectBudget, SubmitBudget, WithdrawBudget};
use steerco_domain::id::Id;
use steerco_domain::money::Currency;
use steerco_domain::{
    Error, approve_budget_fields, budget_fields, reject_budget_fields, submit_budget_fields, withdraw_budget_fields,
};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::{Call, given};
use super::macros::{resource_service, verb_wire};
use super::wire::Scalar;

budget_fields!(resource_service verbs { submit_budget SubmitBudget, withdraw_budget WithdrawBudget, approve_budget ApproveBudget, reject_budget RejectBudget,
} others {
    async fn get_budget_bridge(&self, request: Request<pb::GetBudgetBridgeRequest>) -> Answer<pb::BudgetBridge> {
        answer(request, |call, body| bridge(&self.0, call, body)).await
    }
});
submit_budget_fields!(verb_wire SubmitBudgetRequest);
withdraw_budget_fields!(verb_wire WithdrawBudgetRequest);
approve_budget_fields!(verb_wire ApproveBudgetRequest);
reject_budget_fields!(verb_wire RejectBudgetRequest);

async fn bridge(
    service: &Service,
    call: Call,
    body: pb::GetBudgetBridgeRequest,
) -> Result<Response<pb::BudgetBridge>, Error> {
    let pb::GetBudgetBridgeRequest { id, from_id, currency } = body;
    let (from, currency) = (given(from_id), given(currency));
    if let Some(from) = &from {
        Id::<Budget>::parse(from).map_err(|detail| Error::fault("?from_id", "BAD_ID", detail))?;
    }
    let bad = || Error::fault("?currency", "BAD_CURRENCY", "must be an ISO 4217 code like EUR");
    let currency = currency.map(|code| Currency::parse(&code).ok_or_else(bad)).transpose()?;
    let BudgetBridge { from_id, to_id, spans, complete, unconverted } =
        service.budget_bridge(&call.caller, &id, from.as_deref(), currency).await?;
    let step = |step: &BudgetBridgeStep| pb::BudgetBridgeStep {
        step_type: step.step_type.out(),
        amount: step.amount.out(),
        approved_id: step.approved_id.clone(),
        event_id: step.event_id.clone(),
        event_ids: step.event_ids.clone(),
    };
    let span = |span: &BudgetBridgeSpan| pb::BudgetBridgeSpan {
        account: span.account.out(),
        currency: span.currency.out(),
        from_amount: span.from_amount.out(),
        steps: span.steps.iter().map(step).collect(),
        unexplained: span.unexplained.out(),
        to_amount: span.to_amount.out(),
    };
    let (spans, unconverted) = (spans.iter().map(span).collect(), unconverted.iter().map(Scalar::out).collect());
    Ok(Response::new(pb::BudgetBridge { from_id, to_id, spans, complete, unconverted }))
}
