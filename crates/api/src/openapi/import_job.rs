//! The operations on import jobs beside those that every resource has.

use steerco_domain::import_job::{ImportJob, ImportOutcome};
use steerco_domain::resource::Resource;
use steerco_domain::words::Words;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::operation::{Access, Operation, octets};
use super::parameters::{id, of as parameters, of_feed, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::vocabulary::{Members, Schemas, format, list, note, object, of, reference, words};
use crate::rest::params;

/// All of them, with their schemas.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let outcomes = ImportOutcome::WORDS.iter().map(|(word, doc)| format!("- `{word}`: {doc}"));
    let doc = format!("{}\n\n{}", ImportOutcome::DOC, outcomes.collect::<Vec<_>>().join("\n"));
    let outcome = words(ImportOutcome::WORDS.iter().map(|(word, _)| *word)).description(Some(doc));
    schemas.insert(ImportOutcome::TITLE.to_owned(), outcome.into());
    schemas.insert("ImportRecord".to_owned(), record().into());
    schemas.insert("ImportRecordPage".to_owned(), page().into());
    vec![upload(), list_records()]
}

fn number(doc: &str) -> ObjectBuilder {
    of(Type::Integer).format(Some(format("int32"))).minimum(Some(1)).description(Some(doc))
}

fn record() -> ObjectBuilder {
    let faults = |doc: &str| list(reference("Fault")).description(Some(doc));
    object("What became of a record, or would become of it.")
        .must("record", number("Its number in the report, from 1."))
        .must("place", note("Where it stands in the file, such as `row 7` or `task 12`."))
        .property("kind", note("The kind of resource that it becomes; absent where nothing here can hold it."))
        .property("external_id", note("Its identifier in the source."))
        .must("outcome", reference(ImportOutcome::TITLE))
        .property(
            "resource_id",
            note("The resource; absent where there is none, and of one that a dry run would make."),
        )
        .must("notes", faults("What of it is not kept, or not kept as it was."))
        .must("errors", faults("Why it was refused."))
}

fn page() -> ObjectBuilder {
    object("What became of records, in the order of the file.")
        .must("records", list(reference("ImportRecord")).max_items(Some(1000)))
        .property("more_after_record", number("The record after which the next page begins, where there are more."))
}

fn start(method: HttpMethod, below: &str, id: &str, action: &str) -> Operation {
    Operation {
        method,
        path: format!("/v1/import-jobs/{{id}}{below}"),
        id: id.to_owned(),
        tag: ImportJob::KIND.path(),
        summary: String::new(),
        description: String::new(),
        access: Access::of(ImportJob::KIND.name, action),
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn upload() -> Operation {
    let mut of_write = vec![id(ImportJob::KIND)];
    of_write.extend(shared(&["idempotency_key", "if_match"]));
    of_write.extend(parameters(ImportJob::KIND, &params::writing(ImportJob::KIND)));
    let done = answer("The import job.", "application/json", reference(ImportJob::KIND.title), &WRITTEN);
    Operation {
        summary: "Upload the file of an import".to_owned(),
        description: "The bytes as they are, up to 512 MiB. Another file may take its place until it is applied."
            .to_owned(),
        parameters: of_write,
        body: Some(octets()),
        answers: vec![(200, done)],
        refusals: with_body(&WRITE),
        ..start(HttpMethod::Put, "/content", "upload_import_job", "upload")
    }
}

fn list_records() -> Operation {
    let mut parameters = vec![id(ImportJob::KIND)];
    parameters.extend(of_feed(&params::records()));
    Operation {
        summary: "List what became of the records of an import".to_owned(),
        description: "The report of the last run, in the order of the file, 1000 records at a time where `page_size` \
                      says nothing else. What nothing here can hold, and how often it occurs, is told as `lost`."
            .to_owned(),
        parameters,
        answers: vec![(200, answer("A page.", "application/json", reference("ImportRecordPage"), &[]))],
        refusals: vec![404, 409],
        ..start(HttpMethod::Get, "/records", "list_import_records", "read")
    }
}
