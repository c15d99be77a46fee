//! Fiscal periods over gRPC.

use serde_json::{Map, Value};
use steerco_domain::accrual::{AccrualTotal, ProposedAccrual};
use steerco_domain::fiscal_period::{
    CancelClosingFiscalPeriod, CloseFiscalPeriod, FiscalPeriod, ReopenFiscalPeriod, RequestReopenFiscalPeriod,
    StartClosingFiscalPeriod,
};
use steerco_domain::input::read_input;
use steerco_domain::reconciliation::{Difference, ReconcileFiscalPeriod, ReconciledTotal};
use steerco_domain::{
    Error, cancel_closing_fiscal_period_fields, close_fiscal_period_fields, fiscal_period_fields,
    reconcile_fiscal_period_fields, reopen_fiscal_period_fields, request_reopen_fiscal_period_fields,
    start_closing_fiscal_period_fields,
};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::Call;
use super::macros::{resource_service, verb_wire};
use super::wire::{Scalar, put};

fiscal_period_fields!(resource_service verbs {
    start_closing_fiscal_period StartClosingFiscalPeriod,
    cancel_closing_fiscal_period CancelClosingFiscalPeriod,
    close_fiscal_period CloseFiscalPeriod,
    request_reopen_fiscal_period RequestReopenFiscalPeriod,
    reopen_fiscal_period ReopenFiscalPeriod,
} others {
    async fn reconcile_fiscal_period(
        &self,
        request: Request<pb::ReconcileFiscalPeriodRequest>,
    ) -> Answer<pb::Reconciliation> {
        answer(request, |call, body| reconcile(&self.0, call, body)).await
    }
    async fn get_accrual_proposal(
        &self,
        request: Request<pb::GetAccrualProposalRequest>,
    ) -> Answer<pb::AccrualProposal> {
        answer(request, |call, body| accruals(&self.0, call, body)).await
    }
});
start_closing_fiscal_period_fields!(verb_wire StartClosingFiscalPeriodRequest);
cancel_closing_fiscal_period_fields!(verb_wire CancelClosingFiscalPeriodRequest);
close_fiscal_period_fields!(verb_wire CloseFiscalPeriodRequest);
request_reopen_fiscal_period_fields!(verb_wire RequestReopenFiscalPeriodRequest);
reopen_fiscal_period_fields!(verb_wire ReopenFiscalPeriodRequest);

/// The message as the JSON that the domain reads.
macro_rules! statement_wire {
    ([] $name:ident { $($field:ident),* }) => {
        fn read_statement(message: pb::ReconcileFiscalPeriodRequest) -> (String, Map<String, Value>) {
            let pb::ReconcileFiscalPeriodRequest { id, $($field),* } = message;
            let map = Map::new();
            $(let map = put(map, stringify!($field), |it: &$name| &it.$field, $field);)*
            (id, map)
        }
    };
}
reconcile_fiscal_period_fields!(statement_wire);

async fn accruals(
    service: &Service,
    call: Call,
    body: pb::GetAccrualProposalRequest,
) -> Result<Response<pb::AccrualProposal>, Error> {
    let found = service.accrual_proposal(&call.caller, &body.id).await?;
    let total = |total: &AccrualTotal| pb::AccrualTotal {
        currency: total.currency.out(),
        proposed: total.proposed.out(),
        balance: total.balance.out(),
    };
    let accrual = |accrual: ProposedAccrual| pb::ProposedAccrual {
        commitment_id: accrual.commitment_id.out(),
        program_id: accrual.program_id.out(),
        project_id: accrual.project_id.map(|id| id.out()),
        cost_category_id: accrual.cost_category_id.map(|id| id.out()),
        spend: accrual.spend.out(),
        purchase_order_reference: accrual.purchase_order_reference.out(),
        purchase_order_line: accrual.purchase_order_line.map(|line| line.out()),
        amount: Some(accrual.amount.out()),
        last_received_on: accrual.last_received_on.map(|day| day.out()),
    };
    Ok(Response::new(pb::AccrualProposal {
        fiscal_period_id: found.fiscal_period_id,
        agrees: found.agrees,
        totals: found.totals.iter().map(total).collect(),
        accruals: found.accruals.into_iter().map(accrual).collect(),
        accrual_count: found.accrual_count,
        hidden_count: found.hidden_count,
    }))
}

async fn reconcile(
    service: &Service,
    call: Call,
    body: pb::ReconcileFiscalPeriodRequest,
) -> Result<Response<pb::Reconciliation>, Error> {
    let (id, body) = read_statement(body);
    let statement: ReconcileFiscalPeriod = read_input(&body)?;
    let found = service.reconcile(&call.caller, &id, &statement).await?;
    let total = |total: &ReconciledTotal| pb::ReconciledTotal {
        currency: total.currency.out(),
        stated: total.stated.out(),
        entries: total.entries.out(),
        balance: total.balance.out(),
    };
    let difference = |difference: &Difference| pb::Difference {
        difference_type: difference.difference_type.out(),
        external_id: difference.external_id.clone(),
        currency: difference.currency.out(),
        stated: difference.stated.map(|amount| amount.out()),
        ledger: difference.ledger.map(|amount| amount.out()),
    };
    Ok(Response::new(pb::Reconciliation {
        totals: found.totals.iter().map(total).collect(),
        differences: found.differences.iter().map(difference).collect(),
        fiscal_period_id: found.fiscal_period_id,
        source: found.source,
        agrees: found.agrees,
        difference_count: found.difference_count,
    }))
}
