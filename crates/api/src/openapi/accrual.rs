//! The accrual proposal.

use steerco_domain::Resource;
use steerco_domain::accrual::ACCRUALS_MAX;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::money::{Amount, Currency, Money};
use steerco_domain::time::Day;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::documents::{count, shaped};
use super::operation::{Access, Operation};
use super::parameters::id;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference};

pub(super) fn operation(schemas: &mut Schemas) -> Operation {
    let made = [("AccrualTotal", total()), ("ProposedAccrual", accrual()), ("AccrualProposal", proposal())];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    Operation {
        method: HttpMethod::Get,
        path: "/v1/fiscal-periods/{id}/accrual-proposal".to_owned(),
        id: "get_accrual_proposal".to_owned(),
        tag: FiscalPeriod::KIND.path(),
        summary: "Get what is to be accrued at the end of a fiscal period".to_owned(),
        description: "The commitments of the company on which work was received and not invoiced at the end of the \
                      period, as far as the caller sees their programs. Each is computed from what the commitment \
                      says is received and invoiced, less what was posted after the period, and the totals are \
                      compared with the accrual account of the ledger up to that period."
            .to_owned(),
        access: Access::of(FiscalPeriod::KIND.name, "propose_accruals"),
        parameters: vec![id(FiscalPeriod::KIND)],
        body: None,
        answers: vec![(200, answer("The proposal.", "application/json", reference("AccrualProposal"), &[]))],
        refusals: vec![404],
    }
}

fn total() -> ObjectBuilder {
    object("What is proposed in a currency, beside the books.")
        .must("currency", shaped::<Currency>("The currency."))
        .must("proposed", shaped::<Amount>("The sum of the accruals, whether told or not."))
        .must("balance", shaped::<Amount>("The accrual account of the programs in sight, up to this period."))
}

fn accrual() -> ObjectBuilder {
    object("What is to be accrued for one commitment.")
        .must("commitment_id", note("The commitment."))
        .must("program_id", note("Its program."))
        .property("project_id", note("Its project."))
        .property("cost_category_id", note("Its kind of cost."))
        .property("spend", reference("Spend"))
        .must("purchase_order_reference", note("Number of the purchase order."))
        .property("purchase_order_line", note("Its line."))
        .must("amount", shaped::<Money>("Received and not invoiced."))
        .property("last_received_on", shaped::<Day>(LAST))
}

const LAST: &str = "Day of the last entry up to this period that accrued something: a delivery, or a credit note.";

fn proposal() -> ObjectBuilder {
    let agrees = "Whether the totals are what stands in the accrual account.";
    object("What is to be accrued at the end of a period.")
        .must("fiscal_period_id", note("The period."))
        .must("agrees", of(Type::Boolean).description(Some(agrees)))
        .must("totals", list(reference("AccrualTotal")))
        .must("accruals", list(reference("ProposedAccrual")).max_items(Some(ACCRUALS_MAX)))
        .must("accrual_count", count("Commitments in sight with something to accrue, whether told or not."))
        .must("hidden_count", count("Those whose programs are out of the caller's sight."))
}
