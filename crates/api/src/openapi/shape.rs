//! Schemas of shapes and fields.

use serde_json::{Map, Value, json};
use steerco_domain::field::{FieldSpec, Setter, Shape};

use super::Parts;

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
/// A 64-bit integer in a string.
pub(super) const LONG: &str = "^-?[0-9]{1,19}$";

/// Doc comments are wrapped; descriptions flow.
pub(super) fn flow(doc: &str) -> String {
    doc.split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n\n")
}

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Puts further members into an object.
pub(super) fn with(mut schema: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (schema.as_object_mut(), more) {
        object.extend(more);
    }
    schema
}

/// The pattern of ids with this prefix.
pub(super) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")
}

/// The schema of a shape. Words and objects become parts of their own.
pub(super) fn schema(shape: &Shape, parts: &mut Parts) -> Value {
    match shape {
        Shape::Text { max, pattern, .. } => {
            json!({"type": "string", "minLength": 1, "maxLength": max, "pattern": pattern.unwrap_or(TEXT)})
        }
        Shape::Id { prefix } => {
            json!({"type": "string", "pattern": id_pattern(prefix), "maxLength": prefix.len() + 27})
        }
        Shape::Word { title, doc, words } => {
            parts.entry((*title).to_owned()).or_insert_with(|| word_schema(doc, words));
            reference(title)
        }
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int { min, max } => json!({"type": "integer", "format": "int32", "minimum": min, "maximum": max}),
        Shape::Long => json!({"type": "string", "format": "int64", "pattern": LONG, "maxLength": 20}),
        Shape::Ratio { max } => json!({"type": "number", "format": "double", "minimum": 0, "maximum": max}),
        Shape::Day => json!({"type": "string", "format": "date", "minLength": 10, "maxLength": 10}),
        Shape::Instant => json!({"type": "string", "format": "date-time", "pattern": INSTANT, "maxLength": 32}),
        Shape::Money => reference("Money"),
        Shape::List { of, max } => json!({"type": "array", "maxItems": max, "items": schema(of, parts)}),
        Shape::Map { max, key_max, value_max } => json!({
            "type": "object",
            "maxProperties": max,
            "propertyNames": {"pattern": format!("^[a-z][a-z0-9_.-]{{0,{}}}$", key_max - 1)},
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": value_max, "pattern": TEXT},
        }),
        Shape::Object { title, doc, fields } => {
            if !parts.contains_key(*title) {
                let object = input(doc, fields.iter(), parts);
                parts.insert((*title).to_owned(), object);
            }
            reference(title)
        }
    }
}

fn word_schema(doc: &str, words: &[(&str, &str)]) -> Value {
    let list: Vec<String> = words.iter().map(|(word, doc)| format!("- `{word}`: {}", flow(doc))).collect();
    let description = format!("{}\n\n{}", flow(doc), list.join("\n"));
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({"type": "string", "enum": words, "description": description})
}

/// An object in a request: nothing but these fields, null where a field may be absent.
pub(super) fn input<'a>(doc: &str, fields: impl Iterator<Item = &'a FieldSpec>, parts: &mut Parts) -> Value {
    let fields: Vec<&FieldSpec> = fields.collect();
    let required: Vec<&str> = fields.iter().filter(|f| !f.optional).map(|f| f.name).collect();
    let properties: Map<String, Value> = fields.iter().map(|f| (f.name.to_owned(), input_property(f, parts))).collect();
    let mut object = json!({
        "type": "object", "description": flow(doc), "additionalProperties": false, "properties": properties,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn input_property(field: &FieldSpec, parts: &mut Parts) -> Value {
    let shape = (field.shape)();
    let mut schema = schema(&shape, parts);
    if let Shape::Map { .. } = shape {
        // Null removes a key.
        schema["additionalProperties"] = nullable(schema["additionalProperties"].take());
    }
    let schema = if field.optional { nullable(schema) } else { schema };
    with(schema, json!({"description": describe(field)}))
}

/// The same, or null.
fn nullable(schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(name) => with(schema, json!({"type": [name, "null"]})),
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// A field in an answer.
pub(super) fn output_property(field: &FieldSpec, parts: &mut Parts) -> Value {
    let schema = schema(&(field.shape)(), parts);
    let schema = with(schema, json!({"description": describe(field)}));
    if field.setter == Setter::System { with(schema, json!({"readOnly": true})) } else { schema }
}

fn describe(field: &FieldSpec) -> String {
    let notes = [
        (field.setter == Setter::Create, "Can only be set at creation."),
        (field.unique, "Unique in the organisation."),
        (field.personal, "Personal data, blanked by erasure."),
        (field.private, "Hidden from partners."),
    ];
    let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
    std::iter::once(flow(field.doc)).chain(notes).collect::<Vec<_>>().join(" ")
}
