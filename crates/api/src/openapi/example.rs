//! Examples, made from shapes.

use serde_json::{Map, Value, json};
use steerco_domain::field::{FieldSpec, Shape};
use steerco_domain::id::encode;

/// A UUIDv7 of 2026, the id in every example.
const ID: u128 = 0x019b_76da_a800_7000_8000_0000_0000_0001;

/// A value of this shape.
pub(crate) fn value(shape: &Shape) -> Value {
    match shape {
        Shape::Text { example, max, .. } => match example {
            Some(example) => json!(example),
            None => json!("Depot east".chars().take(*max).collect::<String>()),
        },
        Shape::Id { prefix } => json!(encode(prefix, ID)),
        Shape::Word { words, .. } => json!(words.first().map(|(word, _)| *word)),
        Shape::Bool => json!(true),
        Shape::Int { min, max } => json!((*min).max(5.min(*max))),
        Shape::Long => json!("42"),
        Shape::Ratio { .. } => json!(0.25),
        Shape::Day => json!("2026-01-31"),
        Shape::Instant => json!("2026-01-31T09:30:00.000000Z"),
        Shape::Money => json!({"amount": "1250.0000", "currency": "EUR"}),
        Shape::List { .. } => json!([]),
        Shape::Map { .. } => json!({"region": "east"}),
        Shape::Object { fields, .. } => object(fields.iter()),
        Shape::OneOf(all) => json!(all.first()),
        Shape::Plain { .. } => json!("Depot east"),
        // Only answered, and answers have no examples.
        Shape::Answer(_) | Shape::Resource(_) | Shape::Json => json!({}),
    }
}

/// An object with these fields.
pub(super) fn object<'a>(fields: impl Iterator<Item = &'a FieldSpec>) -> Value {
    let members: Map<String, Value> = fields.map(|f| (f.name.to_owned(), value(&(f.shape)()))).collect();
    Value::Object(members)
}
