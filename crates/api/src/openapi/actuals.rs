//! The stream of actuals: what it takes is lines, and what it answers is declared with the batch.

use steerco_domain::actuals_batch::ActualsBatch;
use steerco_domain::resource::Resource;
use utoipa::openapi::HttpMethod;

use super::answers::answer;
use super::operation::{Access, Operation, lines};
use super::parameters::{of_feed, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::vocabulary::reference;
use crate::rest::import::{CSV, NDJSON};
use crate::rest::params;

pub(super) fn import() -> Operation {
    let mut parameters = shared(&["idempotency_key"]);
    parameters.extend(of_feed(&params::csv_import()));
    let done = |doc: &str, keys: &[&str]| answer(doc, "application/json", reference("PostedActualsBatch"), keys);
    let created = ["etag", "outcome", "replayed", "location"];
    Operation {
        method: HttpMethod::Post,
        path: "/v1/actuals-batches/import".to_owned(),
        id: "import_actuals".to_owned(),
        tag: ActualsBatch::KIND.path(),
        summary: "Post a long batch of actuals".to_owned(),
        description:
            "Up to 1000000 lines in a stream, read as they come and posted in one transaction, with the rules \
                      and the answer of a batch in one message; a stream that breaks off posts nothing. As \
                      `application/x-ndjson` the first line is a batch without `lines`, and each further line one of \
                      its lines. As `text/csv` the parameters say what the batch is, and a mapping profile how the \
                      file is written; of the parameters, JSON takes `validate_only` only. Faults name the line by \
                      its number from 0 in their pointer, and its place in the file in their detail."
                .to_owned(),
        access: Access::of(ActualsBatch::KIND.name, "create"),
        parameters,
        body: Some(lines(&[NDJSON, CSV])),
        answers: vec![
            (201, done("The batch, and what became of its lines.", &created)),
            (200, done("The first answer again; or with `validate_only` what would become of the lines.", &WRITTEN)),
        ],
        refusals: with_body(&WRITE),
    }
}
