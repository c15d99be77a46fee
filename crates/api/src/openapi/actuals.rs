//! The operations on actuals.

use serde_json::{Value, json};
use steerco_domain::actuals_batch::{
    ActualsBatch, ActualsProgressState, ActualsStatus, PostActualsBatch, ReclassifyActuals,
};
use steerco_domain::field::Described;
use steerco_domain::input::Input;
use steerco_domain::resource::Resource;
use steerco_domain::words::Words;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::operation::{Access, Operation, body, lines};
use super::parameters::{id, of as parameters, of_feed, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::shape::{input, schema};
use super::vocabulary::{Members, Schemas, format, list, note, object, of, reference};
use crate::rest::import::{CSV, NDJSON};
use crate::rest::{JSON, params};

/// All of them, with their schemas.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let post = input(PostActualsBatch::DOC, PostActualsBatch::FIELDS.iter(), schemas);
    let reclassify = input(ReclassifyActuals::DOC, ReclassifyActuals::FIELDS.iter(), schemas);
    schema(&ActualsProgressState::shape(), schemas);
    let made = [
        ("PostActualsBatch", post),
        ("ReclassifyActuals", reclassify),
        ("ActualsResult", result()),
        ("ActualsResultPage", results(object("What became of lines, in their order."))),
        ("PostedActualsBatch", posted()),
        ("ActualsProgress", progress()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    vec![post_batch(), import_batch(), get_progress(), reclassify_suspense(), list_results()]
}

pub(super) fn line(doc: &str) -> ObjectBuilder {
    of(Type::Integer).format(Some(format("int32"))).minimum(Some(1)).description(Some(doc))
}

fn result() -> ObjectBuilder {
    let flag = of(Type::Boolean).description(Some(
        "Whether an entry of the same content under another identifier was there already: perhaps the same thing twice.",
    ));
    let status = reference(ActualsStatus::TITLE);
    object("What became of a line.")
        .must("line", line("The line, from 1."))
        .must("external_id", note("Its identifier in the source."))
        .must("status", status)
        .property("reason", note("Why, as a word a program can compare; of a posted line, what is to be looked at (`EXCEEDS_ORDER`, `EXCEEDS_INVOICED`, `OVER_BUDGET`), and otherwise absent."))
        .property("detail", note("What is wrong and what would be right."))
        .property("ledger_entry_id", note("The entry it made, or the one that was there."))
        .must("possible_repeat", flag)
}

fn results(object: ObjectBuilder) -> ObjectBuilder {
    object
        .must("results", list(reference("ActualsResult")).max_items(Some(1000)))
        .property("more_after_line", line("The line after which the next page begins, where there are more."))
}

fn posted() -> ObjectBuilder {
    results(object("What became of a batch, and of its first lines.").must("actuals_batch", reference("ActualsBatch")))
}

fn progress() -> ObjectBuilder {
    let count = |doc: &str| of(Type::Integer).format(Some(format("int32"))).minimum(Some(0)).description(Some(doc));
    object("How far a batch is.")
        .must("source", note("Code of the source that sends it."))
        .must("batch_ref", note("The source's own name for it."))
        .must("state", reference(ActualsProgressState::TITLE))
        .must("lines_received", count("Lines that have arrived."))
        .must("lines_done", count("Lines that have gone through the step it is at, once all have arrived."))
        .must(
            "started_at",
            super::shape::instant("When the first of it arrived, or of a posted batch when it was posted (UTC)."),
        )
        .must("updated_at", super::shape::instant("When this was told last (UTC)."))
        .property("actuals_batch_id", note("The batch, once it is posted."))
}

fn start(method: HttpMethod, below: &str, id: &str, action: &str) -> Operation {
    Operation {
        method,
        path: format!("/v1/actuals-batches{below}"),
        id: id.to_owned(),
        tag: ActualsBatch::KIND.path(),
        summary: String::new(),
        description: String::new(),
        access: Access::of(ActualsBatch::KIND.name, action),
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn write(schema: &str, example: &Value) -> Operation {
    let mut of_write = shared(&["idempotency_key"]);
    of_write.extend(parameters(ActualsBatch::KIND, &params::writing(ActualsBatch::KIND)));
    let done = |doc: &str, keys: &[&str]| answer(doc, "application/json", reference("PostedActualsBatch"), keys);
    let created = ["etag", "outcome", "replayed", "location"];
    Operation {
        parameters: of_write,
        body: Some(body(JSON, schema, example, true)),
        answers: vec![
            (201, done("The batch, and what became of its lines.", &created)),
            (200, done("The first answer again; or with `validate_only` what would become of the lines.", &WRITTEN)),
        ],
        refusals: with_body(&WRITE),
        ..start(HttpMethod::Post, "", "", "create")
    }
}

fn post_batch() -> Operation {
    let example = json!({
        "source": "gla", "batch_ref": "2008-04",
        "control": {"count": 1, "totals": [{"amount": "1390.11", "currency": "GBP"}]},
        "lines": [{
            "external_id": "0", "cost_code": "Catering Charges", "posted_on": "2008-04-01",
            "amount": {"amount": "1390.11", "currency": "GBP"},
        }],
    });
    Operation {
        id: "create_actuals_batch".to_owned(),
        summary: "Post a batch of actuals".to_owned(),
        description: "In one transaction, up to 10000 lines. Control totals that do not match refuse the whole batch, \
                      and so does a line that cannot be posted, unless `partial`. The same `batch_ref` of a source at \
                      any later time gets the first answer; the same line again is a `duplicate`, whatever its batch. A \
                      cost code that nothing maps goes to suspense. With `validate_only`: what would become of it."
            .to_owned(),
        ..write("PostActualsBatch", &example)
    }
}

fn import_batch() -> Operation {
    let mut parameters = shared(&["idempotency_key"]);
    parameters.extend(of_feed(&params::csv_import()));
    Operation {
        path: "/v1/actuals-batches/import".to_owned(),
        id: "import_actuals".to_owned(),
        summary: "Post a long batch of actuals".to_owned(),
        description:
            "Up to 1000000 lines in a stream, read as they come and posted in one transaction, with the rules \
                      and the answer of a batch in one message; a stream that breaks off posts nothing. As \
                      `application/x-ndjson` the first line is a batch without `lines`, and each further line one of \
                      its lines. As `text/csv` the parameters say what the batch is, and a mapping profile how the \
                      file is written; of the parameters, JSON takes `validate_only` only. Faults name the line by \
                      its number from 0 in their pointer, and its place in the file in their detail."
                .to_owned(),
        parameters,
        body: Some(lines(&[NDJSON, CSV])),
        ..write("PostActualsBatch", &json!({}))
    }
}

fn get_progress() -> Operation {
    Operation {
        summary: "Get how far a batch is".to_owned(),
        description: "Of a stream that is on its way: whether its lines arrive, are checked or are posted, and how many of \
                      them. Nothing of it is in the ledger before all of it is; one that broke off or was refused is not \
                      found, and its name is free. `source` and `batch_ref` are both required."
            .to_owned(),
        parameters: of_feed(&params::progress()),
        answers: vec![(200, answer("How far it is.", "application/json", reference("ActualsProgress"), &[]))],
        refusals: vec![404],
        ..start(HttpMethod::Get, "/progress", "get_actuals_progress", "read")
    }
}

fn reclassify_suspense() -> Operation {
    let example = json!({"source": "gla", "batch_ref": "suspense 2008-04"});
    Operation {
        path: "/v1/actuals-batches/reclassify".to_owned(),
        id: "reclassify_actuals".to_owned(),
        summary: "Move costs out of suspense".to_owned(),
        description:
            "Every cost in suspense that a coding rule of today maps is moved by a balanced entry: in its own \
                      period, or where that is closed in the next open one. With `validate_only`: what the rules would \
                      move."
                .to_owned(),
        access: Access::of(ActualsBatch::KIND.name, "reclassify"),
        ..write("ReclassifyActuals", &example)
    }
}

fn list_results() -> Operation {
    let mut parameters = vec![id(ActualsBatch::KIND)];
    parameters.extend(of_feed(&params::results()));
    Operation {
        summary: "List what became of the lines of a batch".to_owned(),
        description: "In their order, 1000 at a time where `page_size` says nothing else.".to_owned(),
        parameters,
        answers: vec![(200, answer("A page.", "application/json", reference("ActualsResultPage"), &[]))],
        refusals: vec![404],
        ..start(HttpMethod::Get, "/{id}/results", "list_actuals_results", "read")
    }
}
