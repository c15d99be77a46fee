//! Requests and responses of the operations that every resource has.

use serde_json::{Value, json};
use steerco_domain::access::{Permission, Right, Role, TABLE};
use steerco_domain::export::ExportFormat;
use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::{Kind, Reach, ScopeRule};
use steerco_service::operation::{Operation as Declared, Schema, Standard};
use steerco_service::operations::Entry;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::request_body::RequestBody;

use super::answers::{answer, content, empty, trimmable};
use super::example;
use super::operation::{Operation, body, lines};
use super::parameters::{Parameter, id, of, reference as by_ref, shared};
use super::vocabulary::{binary, reference, text};
use crate::rest::import::NDJSON;
use crate::rest::{JSON, PATCH};

/// Headers of the response to a write.
pub(super) const WRITTEN: [&str; 3] = ["etag", "outcome", "replayed"];
/// Error statuses of every write.
pub(super) const WRITE: [u16; 5] = [404, 409, 412, 422, 428];

/// An operation that every resource has, or a verb on one.
pub(super) fn standard(entry: Entry, kind: &'static Kind, does: Standard, start: Operation) -> Operation {
    let operation = entry.operation;
    let request = request(entry, kind, does);
    let written = if operation.writes() { &WRITE[..] } else { &[] };
    let mut refusals = [operation.refusals, written].concat();
    if request.is_some() {
        refusals = with_body(&refusals);
    }
    let filters = if does == Standard::List { filters(kind) } else { String::new() };
    Operation {
        description: start.description + &filters,
        parameters: parameters(entry, kind, does),
        body: request,
        answers: answers(operation, kind, does),
        refusals,
        ..start
    }
}

fn filters(kind: &Kind) -> String {
    let filterable: Vec<String> = kind.fields.iter().filter(|f| f.filter).map(|f| format!("`{}`", f.name)).collect();
    format!(" Fields allowed in `filter` and `order_by`: {}.", filterable.join(", "))
}

/// Parameters in the order of the document: path, headers of writes, query, headers of reads.
fn parameters(entry: Entry, kind: &'static Kind, does: Standard) -> Vec<Parameter> {
    let operation = entry.operation;
    let of_one = operation.path.contains("{id}") || operation.path.contains("{external_id}");
    let mut parameters = Vec::new();
    parameters.extend(operation.path.contains("{id}").then(|| id(kind)));
    if operation.path.contains("{external_id}") {
        parameters.extend(by_ref());
    }
    if operation.writes() {
        parameters.extend(shared(if of_one { &["idempotency_key", "if_match"] } else { &["idempotency_key"] }));
    }
    parameters.extend(of(kind, entry.parameters()));
    if matches!(does, Standard::Get | Standard::GetByRef) {
        parameters.extend(shared(&["if_none_match"]));
    }
    if matches!(does, Standard::Get | Standard::List) {
        parameters.extend(preview(kind));
    }
    parameters
}

/// `preview_as_partner`, for kinds that a partner may read.
fn preview(kind: &Kind) -> Vec<Parameter> {
    let reads =
        |row: &&Permission| row.kind == kind.name && row.action == "read" && row.right(Role::Vendor) != Right::Deny;
    let whole = kind.scope != ScopeRule::Owned;
    if whole && TABLE.iter().any(|row| reads(&row)) { shared(&["preview_as_partner"]) } else { Vec::new() }
}

fn request(entry: Entry, kind: &Kind, does: Standard) -> Option<RequestBody> {
    let title = kind.title;
    let whole = || fields(kind, |field| !field.optional);
    Some(match does {
        Standard::Create => body(JSON, &format!("{title}Create"), &whole(), true),
        Standard::Update => {
            let first = kind.fields.iter().find(|f| f.setter == Setter::Write && !f.optional);
            body(PATCH, &format!("{title}Patch"), &example::object(first.into_iter()), true)
        }
        Standard::Upsert => body(PATCH, &format!("{title}Upsert"), &whole(), true),
        Standard::Batch => {
            let example = json!({"items": [{"create": whole()}], "partial": false});
            body(JSON, &format!("{title}Batch"), &example, true)
        }
        Standard::Upserts => lines(&[NDJSON]),
        Standard::Act => {
            let act = entry.act?;
            let example = example::object(act.fields.iter().filter(|f| !f.optional));
            body(JSON, act.title, &example, act.fields.iter().any(|f| !f.optional))
        }
        Standard::Get
        | Standard::List
        | Standard::Revisions
        | Standard::GetByRef
        | Standard::Export
        | Standard::Delete
        | Standard::Undelete
        | Standard::AddExternalRef
        | Standard::RemoveExternalRef => return None,
    })
}

fn fields(kind: &Kind, wanted: impl Fn(&FieldSpec) -> bool) -> Value {
    example::object(kind.fields.iter().filter(|f| f.setter != Setter::System && wanted(f)))
}

fn answers(operation: &Declared, kind: &Kind, does: Standard) -> Vec<(u16, ResponseBuilder)> {
    let (title, doc) = (kind.title, operation.answer.doc);
    let of = |schema: &str, keys: &[&str]| answer(doc, "application/json", reference(schema), keys);
    let mut answers = vec![match (operation.answer.schema, does) {
        (Schema::Page, _) => (200, trimmable(doc, &format!("{title}Page"), "PartialPage", &[])),
        (_, Standard::Export) => (200, file(doc)),
        (_, Standard::Batch) => (200, of(&format!("{title}BatchResult"), &["replayed"])),
        (_, Standard::Upserts) => (200, of("UpsertedRecords", &["replayed"])),
        _ if operation.writes() => (200, of(title, &WRITTEN)),
        _ => (200, trimmable(doc, title, "Partial", &["etag"])),
    }];
    answers.extend(operation.created.map(|doc| {
        let keys = ["etag", "outcome", "replayed", "location"];
        (201, link(kind, answer(doc, "application/json", reference(title), &keys)))
    }));
    if matches!(does, Standard::Get | Standard::GetByRef) {
        answers.push((304, empty("Not modified: the ETag of the caller is current.", &["etag"])));
    }
    answers
}

fn file(doc: &str) -> ResponseBuilder {
    let file = answer(doc, "text/csv", text(), &["content_disposition", "sync_token"]);
    let others = [ExportFormat::Ndjson, ExportFormat::Xlsx].into_iter();
    others.fold(file, |file, format| file.content(format.media_type(), content(binary())))
}

/// Adds links to the operations on the new resource.
fn link(kind: &Kind, answer: ResponseBuilder) -> ResponseBuilder {
    let name = kind.name;
    let whole = kind.reach == Reach::Whole;
    let fixed = ["get", "update"].into_iter().chain(whole.then_some(["delete", "undelete"]).into_iter().flatten());
    let fixed = fixed.map(|verb| format!("{verb}_{name}"));
    let verbs = kind.verbs.iter().map(|verb| format!("{}_{name}", verb.name));
    let all = fixed.chain(verbs).chain([format!("list_{name}_revisions")]);
    let link = |id: &str| LinkBuilder::new().operation_id(id).parameter("id", "$response.body#/id").build();
    all.fold(answer, |answer, id| answer.link(id.as_str(), link(&id)))
}

pub(super) fn with_body(refusals: &[u16]) -> Vec<u16> {
    [refusals, &[413, 415]].concat()
}
