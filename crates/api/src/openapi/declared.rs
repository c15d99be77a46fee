//! The operations of the table, with the schemas of what they take and answer.

use serde_json::Value;
use steerco_domain::shape::{AnswerField, AnswerSpec, Shape};
use steerco_service::operation::{self, Body, Method, Schema as Told, Under};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::example;
use super::operation::{Access, Operation, body};
use super::parameters::{Parameter, id, of_feed, part, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::shape::{flow, input, long, schema};
use super::vocabulary::{Members, Schema, Schemas, described, format, list, object, of, reference};
use crate::operations::operations;
use crate::rest::{JSON, operations::tells_etag};

/// All of them.
pub(super) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    operations().map(|operation| one(operation, schemas)).collect()
}

fn one(operation: &operation::Operation, schemas: &mut Schemas) -> Operation {
    match operation.answer.schema {
        Told::Answer(spec) => add(spec, schemas),
        Told::Value { title, doc, fields } => drop(schema(&Shape::Object { title, doc, fields }, schemas)),
        Told::Resource(_) => {}
    }
    Operation {
        method: match operation.method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
        },
        path: operation.path.to_owned(),
        id: operation.id.to_owned(),
        tag: match operation.under {
            Under::Kind(kind) => kind.path(),
            Under::Tag(tag) => tag.to_owned(),
        },
        summary: flow(operation.summary),
        description: operation.doc.to_owned(),
        access: operation.row.map_or(Access::Token, Access::Row),
        parameters: parameters(operation),
        body: operation.body.as_ref().map(|body| request(body, schemas)),
        answers: answers(operation),
        refusals: refusals(operation),
    }
}

fn parameters(operation: &operation::Operation) -> Vec<Parameter> {
    let (inside, beside): (Vec<_>, Vec<_>) =
        operation.parameters.iter().copied().partition(|parameter| operation.in_path(parameter.name));
    let of_resource = operation.path.contains("{id}");
    let mut parameters = Vec::new();
    if let (true, Under::Kind(kind)) = (of_resource, operation.under) {
        parameters.push(id(kind));
    }
    parameters.extend(inside.into_iter().map(part));
    if operation.writes() {
        parameters.extend(shared(if of_resource { &["idempotency_key", "if_match"] } else { &["idempotency_key"] }));
    }
    parameters.extend(of_feed(&beside));
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

fn answers(operation: &operation::Operation) -> Vec<(u16, utoipa::openapi::ResponseBuilder)> {
    let told = |doc: &str, keys: &[&str]| answer(doc, "application/json", reference(operation.answer.title()), keys);
    let keys: &[&str] = match operation.writes() {
        true if tells_etag(operation) => &WRITTEN,
        true => &WRITTEN[1..],
        false => &[],
    };
    let created = operation.created.map(|doc| (201, told(doc, &[keys, &["location"]].concat())));
    created.into_iter().chain([(200, told(operation.answer.doc, keys))]).collect()
}

fn refusals(operation: &operation::Operation) -> Vec<u16> {
    let mut refusals = operation.refusals.to_vec();
    if operation.writes() {
        refusals.extend(WRITE);
    }
    if operation.body.is_some() { with_body(&refusals) } else { refusals }
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
