//! Reconciling a period.

use serde_json::json;
use steerco_domain::Resource;
use steerco_domain::field::Described;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::input::Input;
use steerco_domain::money::{Amount, Currency};
use steerco_domain::reconciliation::{DIFFERENCES_MAX, DifferenceType, ReconcileFiscalPeriod};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::documents::{count, shaped};
use super::operation::{Access, Operation, body};
use super::parameters::id;
use super::resources::with_body;
use super::shape::{input, schema};
use super::vocabulary::{Members, Schemas, list, note, object, of, reference};
use crate::rest::JSON;

pub(super) fn operation(schemas: &mut Schemas) -> Operation {
    schema(&DifferenceType::shape(), schemas);
    let statement = input(ReconcileFiscalPeriod::DOC, ReconcileFiscalPeriod::FIELDS.iter(), schemas);
    let made = [
        ("ReconcileFiscalPeriod", statement),
        ("ReconciledTotal", total()),
        ("Difference", difference()),
        ("Reconciliation", reconciliation()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    let example = json!({
        "source": "gla", "lines": [{"external_id": "0", "amount": {"amount": "1390.11", "currency": "GBP"}}],
    });
    Operation {
        method: HttpMethod::Post,
        path: "/v1/fiscal-periods/{id}/reconcile".to_owned(),
        id: "reconcile_fiscal_period".to_owned(),
        tag: FiscalPeriod::KIND.path(),
        summary: "Reconcile a fiscal period with a finance system".to_owned(),
        description: "Compares what a finance system says of a period with the ledger, and changes nothing. Of each \
                      currency three numbers must agree: what the statement says, the sum of the entries of that source, \
                      and the balances that are kept with them. A statement of lines is answered with the rows that \
                      differ, up to 1000 of them."
            .to_owned(),
        access: Access::of(FiscalPeriod::KIND.name, "reconcile"),
        parameters: vec![id(FiscalPeriod::KIND)],
        body: Some(body(JSON, "ReconcileFiscalPeriod", &example, true)),
        answers: vec![(200, answer("What was found.", "application/json", reference("Reconciliation"), &[]))],
        refusals: with_body(&[404]),
    }
}

fn total() -> ObjectBuilder {
    object("Three numbers that must agree.")
        .must("currency", shaped::<Currency>("The currency."))
        .must("stated", shaped::<Amount>("What the statement says."))
        .must("entries", shaped::<Amount>("The sum of the entries of the source."))
        .must("balance", shaped::<Amount>("The balances of cost and suspense, less what other sources have in them."))
}

fn difference() -> ObjectBuilder {
    object("A row that differs.")
        .must("difference_type", reference("DifferenceType"))
        .must("external_id", note("Its identifier in the source."))
        .must("currency", shaped::<Currency>("The currency."))
        .property("stated", shaped::<Amount>("What the statement says; absent where it has none."))
        .property("ledger", shaped::<Amount>("What the ledger has; absent where it has none."))
}

fn reconciliation() -> ObjectBuilder {
    object("What a finance system says of a period, beside what stands here.")
        .must("fiscal_period_id", note("The period."))
        .must("source", note("Code of the source."))
        .must("agrees", of(Type::Boolean).description(Some("Whether all numbers agree and no row differs.")))
        .must("totals", list(reference("ReconciledTotal")))
        .must("differences", list(reference("Difference")).max_items(Some(DIFFERENCES_MAX)))
        .must("difference_count", count("Rows that differ, whether told or not."))
}
