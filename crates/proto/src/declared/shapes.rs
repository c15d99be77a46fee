//! Fields, objects and words as protobuf has them.

use std::collections::BTreeSet;

use steerco_domain::shape::{FieldSpec, Setter, Shape};

use super::known::Known;
use super::model::{Enum, Field, Item, Label, Member, Message, Reserved, Value};
use super::operation::answer;

/// Numbers of the fields of a message: that of the file, where it has one, and otherwise the next that was never given.
pub(super) struct Numbers<'a> {
    there: Option<&'a Message>,
    next: i32,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(there: Option<&'a Message>, first: i32) -> Self {
        Self { there, next: first.max(there.map_or(0, Message::greatest) + 1) }
    }

    pub(super) fn take(&mut self, name: &str) -> i32 {
        if let Some(field) = self.there.and_then(|there| there.field(name)) {
            return field.number;
        }
        self.next += 1;
        self.next - 1
    }
}

/// A message that is declared whole: what the file has besides is gone, and reserved.
pub(super) fn closed(mut message: Message, there: Option<&Message>) -> Message {
    let Some(there) = there else { return message };
    let mut reserved = there.reserved.clone();
    for field in there.fields().filter(|field| message.field(&field.name).is_none()) {
        reserved.add(&field.name, field.number);
    }
    message.reserved = reserved;
    message
}

/// A field as it is declared, by whatever.
pub(super) struct Declared<'a> {
    pub(super) name: &'a str,
    pub(super) doc: &'a str,
    pub(super) shape: Shape,
    pub(super) nullable: bool,
    /// Whether a caller gives it.
    pub(super) given: bool,
}

impl Declared<'_> {
    pub(super) fn of(spec: &FieldSpec) -> Self {
        let given = spec.setter != Setter::System;
        Self { name: spec.name, doc: spec.doc, shape: (spec.shape)(), nullable: spec.nullable, given }
    }
}

pub(super) fn field(declared: &Declared<'_>, number: i32, there: Option<&Message>) -> Field {
    let repeated = matches!(declared.shape, Shape::List { .. });
    let said = there.and_then(|there| there.field(declared.name)).map(|field| field.label);
    let label = if repeated { Label::Repeated } else { said.unwrap_or_else(|| presence(declared)) };
    let mut doc = declared.doc.to_owned();
    if let Shape::OneOf(words) = declared.shape {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        if !words.iter().all(|word| doc.contains(word)) {
            doc = format!("{doc} One of {}.", words.join(", "));
        }
    }
    let (name, of) = (declared.name.to_owned(), name(&declared.shape));
    Field { name, doc, label, of, number }
}

/// What may be absent can be told from its default, and so can a required number that a caller gives: zero is one. Words and
/// messages can always.
fn presence(declared: &Declared<'_>) -> Label {
    let tells = match declared.shape {
        Shape::Text { .. }
        | Shape::Id { .. }
        | Shape::Day
        | Shape::Bool
        | Shape::Long
        | Shape::Plain { .. }
        | Shape::OneOf(_) => declared.nullable,
        Shape::Int { .. } => declared.nullable || declared.given,
        Shape::Ratio { .. } => true,
        Shape::Word { .. }
        | Shape::Instant
        | Shape::Money
        | Shape::List { .. }
        | Shape::Map { .. }
        | Shape::Object { .. }
        | Shape::Answer(_)
        | Shape::Json
        | Shape::Resource(_) => false,
    };
    if tells { Label::Optional } else { Label::None }
}

/// How a value is written.
fn name(shape: &Shape) -> String {
    let name = match shape {
        Shape::Plain { format: Some("date-time") } | Shape::Instant => "google.protobuf.Timestamp",
        Shape::Text { .. } | Shape::Id { .. } | Shape::Day | Shape::Plain { .. } | Shape::OneOf(_) => "string",
        Shape::Bool => "bool",
        Shape::Int { .. } => "int32",
        Shape::Long => "int64",
        Shape::Ratio { .. } => "double",
        Shape::Money => "Money",
        Shape::Map { .. } => "map<string, string>",
        Shape::Word { title, .. } | Shape::Object { title, .. } | Shape::Resource(title) => title,
        Shape::List { of, .. } => return name(of),
        Shape::Answer(spec) => spec.message,
        Shape::Json => "google.protobuf.Struct",
    };
    name.to_owned()
}

/// Words and objects that fields are made of and that nobody has made before, outer ones first.
pub(super) fn nested(fields: &[FieldSpec], known: &Known, made: &mut BTreeSet<&'static str>) -> Vec<Item> {
    nested_in(fields.iter().map(|spec| (spec.shape)()).collect(), known, made)
}

/// The same of values of these shapes.
pub(super) fn nested_in(shapes: Vec<Shape>, known: &Known, made: &mut BTreeSet<&'static str>) -> Vec<Item> {
    let mut items = Vec::new();
    for mut shape in shapes {
        while let Shape::List { of, .. } = shape {
            shape = *of;
        }
        match shape {
            Shape::Word { title, doc, words } if made.insert(title) => {
                items.push(Item::Enum(enumeration(title, doc, words, known)));
            }
            Shape::Object { title, doc, fields } if made.insert(title) => {
                items.push(Item::Message(object(title, doc, fields, known)));
                items.extend(nested(fields, known, made));
            }
            Shape::Answer(spec) if made.insert(spec.message) => {
                items.push(Item::Message(answer(spec, known)));
                items.extend(nested_in(spec.fields.iter().map(|field| (field.shape)()).collect(), known, made));
            }
            _ => {}
        }
    }
    items
}

fn object(title: &str, doc: &str, fields: &[FieldSpec], known: &Known) -> Message {
    let there = known.message(title);
    let mut numbers = Numbers::of(there, 1);
    let field = |spec: &FieldSpec| Member::Field(field(&Declared::of(spec), numbers.take(spec.name), there));
    let members = fields.iter().map(field).collect();
    let made = Message {
        name: title.to_owned(),
        doc: doc.to_owned(),
        resource: false,
        members,
        reserved: Reserved::default(),
    };
    closed(made, there)
}

/// `RiskState` and `in_part` → `RISK_STATE_IN_PART`.
fn value_name(title: &str, word: &str) -> String {
    let mut name = String::new();
    for (i, letter) in title.char_indices() {
        if i > 0 && letter.is_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    format!("{name}_{}", word.to_ascii_uppercase())
}

pub(super) fn enumeration(title: &str, doc: &str, words: &[(&str, &str)], known: &Known) -> Enum {
    let there = known.words(title);
    let find = |name: &str| there.and_then(|there| there.values.iter().find(|value| value.name == name));
    let mut reserved = there.map(|there| there.reserved.clone()).unwrap_or_default();
    let given = there.iter().flat_map(|there| there.values.iter().map(|value| value.number));
    let mut next = given.chain(reserved.numbers.iter().map(|(_, last)| *last)).max().unwrap_or(0) + 1;
    let name = value_name(title, "unspecified");
    let nothing = find(&name).map_or("Not given.", |value| &value.doc).to_owned();
    let mut values = vec![Value { name, doc: nothing, number: 0 }];
    for (word, doc) in words {
        let name = value_name(title, word);
        let number = find(&name).map_or(next, |value| value.number);
        next = next.max(number + 1);
        values.push(Value { name, doc: (*doc).to_owned(), number });
    }
    for gone in there.iter().flat_map(|there| &there.values) {
        if values.iter().all(|value| value.name != gone.name) {
            reserved.add(&gone.name, gone.number);
        }
    }
    Enum { name: title.to_owned(), doc: doc.to_owned(), values, reserved }
}
