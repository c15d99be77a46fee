//! The bridge between versions of a budget.

use steerco_domain::Resource;
use steerco_domain::bridge::BudgetBridgeStepType;
use steerco_domain::budget::Budget;
use steerco_domain::field::Described;
use steerco_domain::money::{Amount, Currency};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::documents::shaped;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed};
use super::shape::schema;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference, text};
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
                      unexplained; of a version that is not approved yet, that is its own change. With `currency`, \
                      everything is converted by the rate set of the earlier version, and what the later one comes to \
                      by its own, each as it was known when the version was approved: the difference is a step of its \
                      own, `exchange_rates`, which also takes what rounding leaves."
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
        .must("event_ids", list(text()).description(Some(EVENTS)))
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
        .must(
            "complete",
            of(Type::Boolean).description(Some("Whether every span is in the currency that was asked for.")),
        )
        .must("unconverted", list(shaped::<Currency>("A currency.")).description(Some(UNCONVERTED)))
}

const EVENTS: &str = "Every event behind it: of other exchange rates also those that brought the rates.";
const UNCONVERTED: &str = "Currencies that lack a rate; their spans stay in them.";
