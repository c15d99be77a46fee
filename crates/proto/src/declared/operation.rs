//! Operations beside those that every resource has, and what they answer.

use std::collections::BTreeSet;

use steerco_domain::shape::{AnswerField, AnswerSpec, Shape};
use steerco_service::operation::{Operation, Schema};
use steerco_service::operations::Entry;
use steerco_service::parameter::{Parameter, VALIDATE_ONLY};

use super::known::Known;
use super::model::{Field, Item, Label, Member, Message, Reserved, Rpc, Side};
use super::resource::VALIDATE_ONLY as VALIDATES;
use super::shapes::{Declared, Numbers, closed, field, nested, nested_in};

/// The rpc of an operation: what it takes is named after it, unless the file says that several take the same.
pub(super) fn rpc(entry: Entry, known: &Known) -> Rpc {
    let name = entry.rpc();
    let there = known.service(&entry.service()).and_then(|there| there.rpcs.iter().find(|rpc| rpc.name == name));
    let input = there.map_or_else(|| format!("{name}Request"), |rpc| rpc.input.of.clone());
    let output = match entry.operation.answer.schema {
        Schema::Answer(spec) => spec.message,
        Schema::Value { title, .. } => title,
        Schema::Resource(kind) => kind.title,
        Schema::One | Schema::Page | Schema::Content => "",
    };
    let side = |of: String| Side { of, stream: false };
    Rpc { name, doc: doc(entry.operation), input: side(input), output: side(output.to_owned()) }
}

/// What it does in a few words, and then in full.
fn doc(operation: &Operation) -> String {
    let Operation { summary, doc, .. } = operation;
    if doc.starts_with(summary) { (*doc).to_owned() } else { format!("{summary}. {doc}") }
}

/// Its messages that nobody has made before. What an act takes, its kind declares.
pub(super) fn items(entry: Entry, known: &Known, made: &mut BTreeSet<&'static str>) -> Vec<Item> {
    let operation = entry.operation;
    let mut items = Vec::new();
    if !operation.verb {
        if let Some(body) = operation.body {
            items.extend(nested(body.fields, known, made));
        }
        items.push(Item::Message(request(entry, known)));
    }
    let answered = match operation.answer.schema {
        Schema::Answer(spec) => Some(Shape::Answer(spec)),
        Schema::Value { title, doc, fields } => Some(Shape::Object { title, doc, fields }),
        Schema::Resource(_) | Schema::One | Schema::Page | Schema::Content => None,
    };
    items.extend(nested_in(answered.into_iter().collect(), known, made));
    items
}

/// What is said of a parameter stands in the file: beside a query it reads otherwise.
fn parameter(parameter: &Parameter, numbers: &mut Numbers<'_>, there: Option<&Message>) -> Field {
    let number = numbers.take(parameter.name);
    if let Some(said) = there.and_then(|there| there.field(parameter.name)) {
        return said.clone();
    }
    let shape = parameter.shape.clone();
    let declared = Declared { name: parameter.name, doc: parameter.doc, shape, nullable: false, given: false };
    let made = field(&declared, number, there);
    if parameter.is_names() { Field { label: Label::Repeated, ..made } } else { made }
}

fn request(entry: Entry, known: &Known) -> Message {
    let operation = entry.operation;
    let name = rpc(entry, known).input.of;
    let there = known.message(&name);
    let mut numbers = Numbers::of(there, 1);
    let mut fields = Vec::new();
    let plain = |name: &str, doc: &str, of: &str, number: i32| Field {
        name: name.to_owned(),
        doc: there.and_then(|there| there.field(name)).map_or(doc, |said| &said.doc).to_owned(),
        label: Label::None,
        of: of.to_owned(),
        number,
    };
    if operation.path.contains("{id}") {
        fields.push(plain("id", "Id of the resource, or `source/external_id`.", "string", numbers.take("id")));
    }
    let beside = operation.parameters.iter().filter(|taken| taken.name != VALIDATE_ONLY.name);
    fields.extend(beside.map(|taken| parameter(taken, &mut numbers, there)));
    for spec in operation.body.iter().flat_map(|body| body.fields) {
        fields.push(field(&Declared::of(spec), numbers.take(spec.name), there));
    }
    if operation.writes() {
        fields.push(plain("validate_only", VALIDATES, "bool", numbers.take("validate_only")));
    }
    // Nobody says in which order a request without a body has its parameters.
    fields.sort_by_key(|field| if operation.body.is_some() { 0 } else { field.number });
    let said = there.map(|there| there.doc.as_str());
    let doc = operation.body.map(|body| body.doc).or(said).unwrap_or(operation.summary).to_owned();
    let members = fields.into_iter().map(Member::Field).collect();
    closed(Message { name, doc, resource: false, members, reserved: Reserved::default() }, there)
}

/// The message of an object that is only answered.
pub(super) fn answer(spec: &AnswerSpec, known: &Known) -> Message {
    let there = known.message(spec.message);
    let mut numbers = Numbers::of(there, 1);
    let member = |answered: &AnswerField| {
        let (name, doc, nullable) = (answered.name, answered.doc, answered.nullable);
        let declared = Declared { name, doc, shape: (answered.shape)(), nullable, given: false };
        Member::Field(field(&declared, numbers.take(name), there))
    };
    let (name, doc, members) = (spec.message.to_owned(), spec.doc.to_owned(), spec.fields.iter().map(member).collect());
    closed(Message { name, doc, resource: false, members, reserved: Reserved::default() }, there)
}
