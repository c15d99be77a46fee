//! The operations of the table, with the schemas of what they take and answer.

use serde_json::Value;
use steerco_domain::resource::Kind;
use steerco_domain::shape::{AnswerField, AnswerSpec, Shape};
use steerco_service::operation::{Body, Does, Method, Operation as Declared, Schema as AnswerDoc, Under};
use steerco_service::operations::Entry;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::example;
use super::forms::{answers as form_answers, body as form_body, headers};
use super::operation::{Access, Operation, body};
use super::parameters::{Parameter, id, of_feed, part, shared};
use super::resources::{WRITE, WRITTEN, standard, with_body};
use super::shape::{flow, input, long, schema};
use super::vocabulary::{Members, Schema, Schemas, described, format, list, object, of, reference};
use crate::operations::operations;
use crate::rest::{JSON, operations::tells_etag};

/// All of them.
pub(super) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    operations().filter_map(|entry| one(entry, schemas)).collect()
}

/// A standard operation is always of a kind.
fn one(entry: Entry, schemas: &mut Schemas) -> Option<Operation> {
    let operation = entry.operation;
    match operation.answer.schema {
        AnswerDoc::Answer(spec) => add(spec, schemas),
        AnswerDoc::Value { title, doc, fields } => drop(schema(&Shape::Object { title, doc, fields }, schemas)),
        AnswerDoc::Resource(_) | AnswerDoc::One | AnswerDoc::Page | AnswerDoc::Content => {}
    }
    let start = Operation {
        method: match operation.method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
            Method::Put => HttpMethod::Put,
            Method::Patch => HttpMethod::Patch,
            Method::Delete => HttpMethod::Delete,
        },
        path: entry.path(),
        id: entry.id(),
        tag: match operation.under {
            Under::Tag(tag) => tag.to_owned(),
            Under::Kind(_) | Under::Each(_) => entry.kind.map(Kind::path).unwrap_or_default(),
        },
        summary: flow(&entry.summary()),
        description: entry.doc(),
        access: entry.permission().map_or(Access::Token, Access::Permission),
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    };
    Some(match (operation.does, entry.kind) {
        (Does::Run(_), _) => Operation {
            parameters: parameters(entry),
            body: operation.body.as_ref().map(|body| request(body, schemas)),
            answers: answers(operation),
            refusals: refusals(operation, operation.body.is_some()),
            ..start
        },
        (Does::Standard(does), Some(kind)) => standard(entry, kind, does, start),
        (Does::Standard(_), None) => return None,
        (Does::Form(form), _) => {
            let body = form_body(form);
            Operation {
                parameters: [parameters(entry), headers(form)].concat(),
                refusals: refusals(operation, body.is_some()),
                body,
                answers: form_answers(operation, form),
                ..start
            }
        }
    })
}

fn parameters(entry: Entry) -> Vec<Parameter> {
    let operation = entry.operation;
    let (inside, beside): (Vec<_>, Vec<_>) =
        operation.parameters.iter().copied().partition(|parameter| operation.in_path(parameter.name));
    let of_resource = operation.path.contains("{id}");
    let mut parameters = Vec::new();
    if let (true, Some(kind)) = (of_resource, entry.kind) {
        parameters.push(id(kind));
    }
    parameters.extend(inside.into_iter().map(part));
    if operation.writes() {
        parameters.extend(shared(if of_resource { &["idempotency_key", "if_match"] } else { &["idempotency_key"] }));
    }
    parameters.extend(of_feed(beside));
    parameters
}

fn request(told: &Body, schemas: &mut Schemas) -> RequestBody {
    let declared = input(told.doc, told.fields.iter(), schemas);
    schemas.insert(told.title.to_owned(), declared.into());
    let example = match told.example {
        "" => example::object(told.fields.iter().filter(|field| !field.optional)),
        text => serde_json::from_str(text).unwrap_or(Value::Null),
    };
    body(JSON, told.title, &example, told.required)
}

fn answers(operation: &Declared) -> Vec<(u16, utoipa::openapi::ResponseBuilder)> {
    let told = |doc: &str, keys: &[&str]| answer(doc, "application/json", reference(operation.answer.title()), keys);
    let keys: &[&str] = match operation.writes() {
        true if tells_etag(operation) => &WRITTEN,
        true => &WRITTEN[1..],
        false => &[],
    };
    let created = operation.created.map(|doc| (201, told(doc, &[keys, &["location"]].concat())));
    created.into_iter().chain([(200, told(operation.answer.doc, keys))]).collect()
}

fn refusals(operation: &Declared, takes_body: bool) -> Vec<u16> {
    let mut refusals = operation.refusals.to_vec();
    if operation.writes() {
        refusals.extend(WRITE);
    }
    if takes_body { with_body(&refusals) } else { refusals }
}

/// Adds the schema of an answer, and of what is in it.
pub(super) fn add(spec: &'static AnswerSpec, schemas: &mut Schemas) {
    if schemas.contains_key(spec.title) {
        return;
    }
    // Noted first: an answer may hold others of its kind.
    schemas.insert(spec.title.to_owned(), object(flow(spec.doc)).into());
    let whole = whole(spec, schemas);
    schemas.insert(spec.title.to_owned(), whole.into());
}

fn whole(spec: &'static AnswerSpec, schemas: &mut Schemas) -> ObjectBuilder {
    spec.fields.iter().fold(object(flow(spec.doc)), |object, field| {
        let property = described(member(field, &(field.shape)(), schemas), flow(field.doc));
        if field.nullable { object.property(field.name, property) } else { object.must(field.name, property) }
    })
}

fn member(field: &AnswerField, shape: &Shape, schemas: &mut Schemas) -> Schema {
    match shape {
        Shape::Json => of(Type::Object).into(),
        Shape::Answer(spec) if spec.in_place => whole(spec, schemas).into(),
        Shape::Answer(spec) => {
            add(spec, schemas);
            reference(spec.title).into()
        }
        Shape::Resource(title) => reference(title).into(),
        Shape::Int { .. } => {
            of(Type::Integer).format(Some(format("int32"))).minimum(field.min).maximum(field.max).into()
        }
        Shape::Long => long().into(),
        Shape::List { of, .. } => {
            let max = field.max.and_then(|max| usize::try_from(max).ok());
            list(member(field, of, schemas)).max_items(max).into()
        }
        shape => schema(shape, schemas),
    }
}
