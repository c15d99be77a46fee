//! The few words in which schemas are written here, over utoipa's builders.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{
    self, AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, SchemaFormat};

/// A schema, in place or by reference.
pub(super) type Schema = RefOr<schema::Schema>;
/// Schemas by their names.
pub(super) type Schemas = BTreeMap<String, Schema>;

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

/// A value of this type.
pub(super) fn of(ty: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(ty)
}

pub(super) fn text() -> ObjectBuilder {
    of(Type::String)
}

/// Any bytes.
pub(super) fn binary() -> ObjectBuilder {
    text().format(Some(format("binary")))
}

/// Text with a description.
pub(super) fn note(doc: &str) -> ObjectBuilder {
    text().description(Some(doc))
}

/// Text of limited length and shape.
pub(super) fn limited(max: usize, pattern: &str) -> ObjectBuilder {
    text().max_length(Some(max)).pattern(Some(pattern))
}

/// One of these words.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    text().enum_values(Some(words))
}

/// A format by its name.
pub(super) fn format(name: &str) -> SchemaFormat {
    SchemaFormat::Custom(name.to_owned())
}

pub(super) fn list(of: impl Into<Schema>) -> ArrayBuilder {
    ArrayBuilder::new().items(of.into())
}

/// An object without members so far.
pub(super) fn object(doc: impl Into<String>) -> ObjectBuilder {
    of(Type::Object).description(Some(doc))
}

/// What objects are built with beside `property`, which adds a member that may be absent.
pub(super) trait Members {
    /// Adds a member that is always there.
    fn must(self, name: &str, schema: impl Into<Schema>) -> Self;
    /// Allows no members but those added.
    fn closed(self) -> Self;
}

impl Members for ObjectBuilder {
    fn must(self, name: &str, schema: impl Into<Schema>) -> Self {
        self.property(name, schema).required(name)
    }

    fn closed(self) -> Self {
        self.additional_properties(Some(AdditionalProperties::<schema::Schema>::FreeForm(false)))
    }
}

/// This type, or null.
pub(super) fn or_null(ty: Type) -> SchemaType {
    SchemaType::Array(vec![ty, Type::Null])
}

/// The same, or null.
pub(super) fn nullable(mut schema: Schema) -> Schema {
    let ty = match &mut schema {
        RefOr::T(schema::Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(schema::Schema::Array(array)) => &mut array.schema_type,
        _ => return AnyOfBuilder::new().item(schema).item(of(Type::Null)).into(),
    };
    if let SchemaType::Type(one) = ty {
        *ty = or_null(one.clone());
    }
    schema
}

/// The same with a description.
pub(super) fn described(mut schema: Schema, doc: String) -> Schema {
    match &mut schema {
        RefOr::Ref(reference) => reference.description = doc,
        RefOr::T(schema::Schema::Object(object)) => object.description = Some(doc),
        RefOr::T(schema::Schema::Array(array)) => array.description = Some(doc),
        RefOr::T(schema::Schema::AnyOf(any)) => any.description = Some(doc),
        RefOr::T(_) => {}
    }
    schema
}

/// The same, never in a request.
pub(super) fn read_only(mut schema: Schema) -> Schema {
    match &mut schema {
        RefOr::Ref(reference) => reference.read_only = Some(true),
        RefOr::T(schema::Schema::Object(object)) => object.read_only = Some(true),
        // Arrays have no room for it but among the extensions.
        RefOr::T(schema::Schema::Array(array)) => array.extensions = Some([("readOnly", true)].into_iter().collect()),
        RefOr::T(_) => {}
    }
    schema
}
