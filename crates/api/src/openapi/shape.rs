//! Schemas of shapes and fields.

use steerco_domain::dependency_end;
use steerco_domain::field::{FieldSpec, Setter, Shape};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use super::vocabulary::{
    Members, Schema, Schemas, described, format, limited, list, nullable, object, of, or_null, read_only, reference,
    text, words,
};

/// Text of the domain: something to see, and no control characters but tab and line feed.
pub(super) const TEXT: &str = concat!(
    "^[^\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]*",
    "[^\\s\\u0000-\\u001F\\u007F-\\u009F]",
    "[^\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]*$",
);
/// RFC 3339 with at most microseconds; `format` alone would allow leap seconds and more.
const INSTANT: &str = concat!(
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?",
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
);

/// Doc comments are wrapped; descriptions flow.
pub(super) fn flow(doc: &str) -> String {
    doc.split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n\n")
}

/// The pattern of ids with this prefix.
pub(super) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")
}

/// An id with this prefix.
pub(super) fn id(prefix: &str) -> ObjectBuilder {
    limited(prefix.len() + 27, &id_pattern(prefix))
}

/// The pattern of an external reference that stands for an id.
const REFERENCE: &str = "[A-Za-z0-9._-]{1,64}/[^\\u0000-\\u001F]{1,200}";

/// An id in a request, for which an external reference may stand.
pub(super) fn named(pattern: &str) -> ObjectBuilder {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    limited(265, &format!("^({pattern}|{REFERENCE})$"))
}

/// The schema of a shape in a request.
fn asked(shape: &Shape, schemas: &mut Schemas) -> Schema {
    match shape {
        Shape::Id { prefix } => named(&id_pattern(prefix)).into(),
        Shape::Text { pattern: Some(dependency_end::PATTERN), .. } => named(dependency_end::PATTERN).into(),
        Shape::List { of, max } => list(asked(of, schemas)).max_items(Some(*max)).into(),
        shape => schema(shape, schemas),
    }
}

/// A 64-bit integer in a string.
pub(super) fn long() -> ObjectBuilder {
    text().format(Some(format("int64"))).pattern(Some("^-?[0-9]{1,19}$"))
}

/// The schema of a shape. Words and objects become schemas of their own.
pub(super) fn schema(shape: &Shape, schemas: &mut Schemas) -> Schema {
    match shape {
        Shape::Text { max, pattern, .. } => limited(*max, pattern.unwrap_or(TEXT)).min_length(Some(1)).into(),
        Shape::Id { prefix } => id(prefix).into(),
        Shape::Word { title, doc, words } => {
            schemas.entry((*title).to_owned()).or_insert_with(|| word(doc, words).into());
            reference(title).into()
        }
        Shape::Bool => of(Type::Boolean).into(),
        Shape::Int { min, max } => {
            of(Type::Integer).format(Some(format("int32"))).minimum(Some(*min)).maximum(Some(*max)).into()
        }
        Shape::Long => long().max_length(Some(20)).into(),
        Shape::Ratio { max } => {
            of(Type::Number).format(Some(format("double"))).minimum(Some(0)).maximum(Some(*max)).into()
        }
        Shape::Day => text().format(Some(format("date"))).min_length(Some(10)).max_length(Some(10)).into(),
        Shape::Instant => limited(32, INSTANT).format(Some(format("date-time"))).into(),
        Shape::Money => reference("Money").into(),
        Shape::List { of, max } => list(schema(of, schemas)).max_items(Some(*max)).into(),
        Shape::Map { max, key_max, value_max } => map(*max, *key_max, value(*value_max)).into(),
        Shape::Object { title, doc, fields } => {
            if !schemas.contains_key(*title) {
                let object = input(doc, fields.iter(), schemas);
                schemas.insert((*title).to_owned(), object.into());
            }
            reference(title).into()
        }
        Shape::Plain { format: named } => text().format(named.map(format)).into(),
        Shape::Json => of(Type::Object).into(),
        Shape::OneOf(all) => words(all.iter().copied()).into(),
        Shape::Answer(spec) => reference(spec.title).into(),
        Shape::Resource(title) => reference(title).into(),
    }
}

/// An instant with a description.
pub(super) fn instant(doc: &str) -> ObjectBuilder {
    limited(32, INSTANT).format(Some(format("date-time"))).description(Some(doc))
}

fn word(doc: &str, all: &[(&str, &str)]) -> ObjectBuilder {
    let list: Vec<String> = all.iter().map(|(word, doc)| format!("- `{word}`: {}", flow(doc))).collect();
    words(all.iter().map(|(word, _)| *word)).description(Some(format!("{}\n\n{}", flow(doc), list.join("\n"))))
}

fn map(max: usize, key_max: usize, value: ObjectBuilder) -> ObjectBuilder {
    let key = format!("^[a-z][a-z0-9_.-]{{0,{}}}$", key_max - 1);
    of(Type::Object)
        .max_properties(Some(max))
        .property_names(Some(ObjectBuilder::new().schema_type(SchemaType::AnyValue).pattern(Some(key))))
        .additional_properties(Some(value))
}

/// A value in a map.
fn value(max: usize) -> ObjectBuilder {
    limited(max, TEXT).min_length(Some(1))
}

/// An object in a request, with whatever part of these fields; null where a field may be absent.
pub(super) fn patch<'a>(
    doc: &str,
    fields: impl Iterator<Item = &'a FieldSpec>,
    schemas: &mut Schemas,
) -> ObjectBuilder {
    fields.fold(object(flow(doc)).closed(), |object, field| object.property(field.name, input_property(field, schemas)))
}

/// The same, complete: what is not optional is required.
pub(super) fn input<'a>(
    doc: &str,
    fields: impl Iterator<Item = &'a FieldSpec> + Clone,
    schemas: &mut Schemas,
) -> ObjectBuilder {
    let required = fields.clone().filter(|field| !field.optional);
    required.fold(patch(doc, fields, schemas), |object, field| object.required(field.name))
}

fn input_property(field: &FieldSpec, schemas: &mut Schemas) -> Schema {
    let schema = match (field.shape)() {
        // Null removes a key.
        Shape::Map { max, key_max, value_max } => {
            map(max, key_max, value(value_max).schema_type(or_null(Type::String))).into()
        }
        shape => asked(&shape, schemas),
    };
    described(if field.optional { nullable(schema) } else { schema }, describe(field))
}

/// A field in an answer.
pub(super) fn output_property(field: &FieldSpec, schemas: &mut Schemas) -> Schema {
    let schema = described(schema(&(field.shape)(), schemas), describe(field));
    if field.setter == Setter::System { read_only(schema) } else { schema }
}

fn describe(field: &FieldSpec) -> String {
    let notes = [
        (field.setter == Setter::Create, "Set at creation only."),
        (field.unique, "Unique in the organisation."),
        (field.personal, "Personal data; cleared by erasure."),
        (field.private, "Not visible to partners."),
    ];
    let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
    std::iter::once(flow(field.doc)).chain(notes).collect::<Vec<_>>().join(" ")
}
