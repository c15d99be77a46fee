//! The operations on batches of purchase orders.

use serde_json::json;
use steerco_domain::input::Input;
use steerco_domain::purchase_order_batch::{
    PostPurchaseOrderBatch, PurchaseOrderAction, PurchaseOrderBatch, PurchaseOrderStatus,
};
use steerco_domain::resource::Resource;
use steerco_domain::words::Words;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::actuals::line;
use super::answers::answer;
use super::operation::{Access, Operation, body};
use super::parameters::{id, of as parameters, of_feed, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::shape::input;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference};
use crate::rest::{JSON, params};

/// All of them, with their schemas.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let post = input(PostPurchaseOrderBatch::DOC, PostPurchaseOrderBatch::FIELDS.iter(), schemas);
    let taken = "What became of a batch, and of its first lines.";
    let taken = results(object(taken).must("purchase_order_batch", reference("PurchaseOrderBatch")));
    let made = [
        ("PostPurchaseOrderBatch", post),
        ("PurchaseOrderResult", result()),
        ("PurchaseOrderResultPage", results(object("What became of lines, in their order."))),
        ("TakenPurchaseOrderBatch", taken),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    vec![post_batch(), list_results()]
}

fn result() -> ObjectBuilder {
    let flag = of(Type::Boolean)
        .description(Some("Whether it went beyond what was available to the program in the fiscal year."));
    object("What became of a line.")
        .must("line", line("The line, from 1."))
        .must("purchase_order_reference", note("Number of the purchase order."))
        .property("purchase_order_line", note("Its line."))
        .must("action", reference(PurchaseOrderAction::TITLE))
        .must("status", reference(PurchaseOrderStatus::TITLE))
        .property("reason", note("Why it was rejected, as a word a program can compare."))
        .property("detail", note("What is wrong and what would be right."))
        .property("commitment_id", note("The commitment it is about, where there is one."))
        .must("over_budget", flag)
}

fn results(object: ObjectBuilder) -> ObjectBuilder {
    object
        .must("results", list(reference("PurchaseOrderResult")).max_items(Some(1000)))
        .property("more_after_line", line("The line after which the next page begins, where there are more."))
}

fn start(method: HttpMethod, below: &str, id: &str, action: &str) -> Operation {
    Operation {
        method,
        path: format!("/v1/purchase-order-batches{below}"),
        id: id.to_owned(),
        tag: PurchaseOrderBatch::KIND.path(),
        summary: String::new(),
        description: String::new(),
        access: Access::of(PurchaseOrderBatch::KIND.name, action),
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn post_batch() -> Operation {
    let example = json!({
        "source": "gla", "batch_ref": "orders 2008-04-01",
        "control": {"count": 2, "totals": [{"amount": "1000.00", "currency": "GBP"}]},
        "lines": [{
            "action": "commit", "purchase_order_reference": "4500001", "purchase_order_line": "10",
            "amount": {"amount": "1000.00", "currency": "GBP"}, "title": "Steel", "ordered_on": "2008-04-01",
            "program_id": "prog_01h455vb4pex5vsknk084sn02q",
        }, {"action": "final_invoice", "purchase_order_reference": "4500000"}],
    });
    let mut of_write = shared(&["idempotency_key"]);
    of_write.extend(parameters(PurchaseOrderBatch::KIND, &params::writing(PurchaseOrderBatch::KIND)));
    let schema = || reference("TakenPurchaseOrderBatch");
    let created = ["etag", "outcome", "replayed", "location"];
    Operation {
        summary: "Take over a batch of purchase orders".to_owned(),
        description: "In one transaction, up to 10000 lines. Each requests, commits, amends, ends or cancels the \
                      commitment of an order line. Control totals that do not match refuse the whole batch, and so \
                      does a line that cannot be taken over, unless `partial`. The budget is controlled for each line \
                      and for all of them together. The same `batch_ref` of a source at any later time gets the first \
                      answer; a line that says what stands already is `unchanged`. With `validate_only`: what would \
                      become of it."
            .to_owned(),
        parameters: of_write,
        body: Some(body(JSON, "PostPurchaseOrderBatch", &example, true)),
        answers: vec![
            (201, answer("The batch, and what became of its lines.", "application/json", schema(), &created)),
            (
                200,
                answer(
                    "The first answer again; or with `validate_only` what would become of the lines.",
                    "application/json",
                    schema(),
                    &WRITTEN,
                ),
            ),
        ],
        refusals: with_body(&WRITE),
        ..start(HttpMethod::Post, "", "create_purchase_order_batch", "create")
    }
}

fn list_results() -> Operation {
    let mut parameters = vec![id(PurchaseOrderBatch::KIND)];
    parameters.extend(of_feed(&params::results()));
    Operation {
        summary: "List what became of the lines of a batch of purchase orders".to_owned(),
        description: "In their order, 1000 at a time where `page_size` says nothing else.".to_owned(),
        parameters,
        answers: vec![(200, answer("A page.", "application/json", reference("PurchaseOrderResultPage"), &[]))],
        refusals: vec![404],
        ..start(HttpMethod::Get, "/{id}/results", "list_purchase_order_results", "read")
    }
}
