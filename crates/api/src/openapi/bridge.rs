//! The bridge between versions of a budget.

use steerco_domain::Resource;
use steerco_domain::bridge::BudgetBridgeStepType;
use steerco_domain::budget::Budget;
use steerco_domain::field::Field;
use steerco_domain::money::{Amount, Currency};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::ObjectBuilder;

use super::answers::answer;
use super::documents::shaped;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed};
use super::shape::schema;
use super::vocabulary::{Members, Schemas, list, note, object, reference};
use crate::rest::params;

pub(super) fn operation(schemas: &mut Schemas) -> Operation {
    schema(&BudgetBridgeStepType::shape(), schemas);
    let made = [("BudgetBridgeStep", step()), ("BudgetBridgeSpan", span()), ("BudgetBridge", bridge())];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    let mut parameters = vec![id(Budget::KIND)];
    parameters.extend(of_feed(&params::bridging()));
    Operation {
        method: HttpMethod::Get,
        path: "/v1/budgets/{id}/bridge".to_owned(),
        id: "get_budget_bridge".to_owned(),
        tag: Budget::KIND.path(),
        summary: "Get how one version of a budget became another".to_owned(),
        description: "By account and currency: what the earlier version came to, what each approval, transfer and \
                      drawdown changed, with its event, and what the later version comes to. What no event tells is \
                      unexplained; of a version that is not approved yet, that is its own change."
            .to_owned(),
        access: Access::of(Budget::KIND.name, "read"),
        parameters,
        body: None,
        answers: vec![(200, answer("The bridge.", "application/json", reference("BudgetBridge"), &[]))],
        refusals: vec![404, 409],
    }
}

fn step() -> ObjectBuilder {
    object("One step of a bridge.")
        .must("step_type", reference("BudgetBridgeStepType"))
        .must("amount", shaped::<Amount>("What it added, or below zero took away."))
        .must("approved_id", note("The budget or transfer that was approved."))
        .must("event_id", note("The event of that approval."))
}

fn span() -> ObjectBuilder {
    object("The bridge of one account in one currency: from and all steps and the rest come to what is reached.")
        .must("account", reference("LedgerAccount"))
        .must("currency", shaped::<Currency>("The currency."))
        .must("from_amount", shaped::<Amount>("What the earlier version came to."))
        .must("steps", list(reference("BudgetBridgeStep")))
        .must("unexplained", shaped::<Amount>("What no event tells."))
        .must("to_amount", shaped::<Amount>("What the later version comes to."))
}

fn bridge() -> ObjectBuilder {
    object("How one version of a budget became another.")
        .must("from_id", note("The earlier version."))
        .must("to_id", note("The later version."))
        .must("spans", list(reference("BudgetBridgeSpan")))
}
