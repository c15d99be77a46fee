//! Descriptions of values: shapes for the documents, and wire types for checks at compile time.

use serde_json::value::RawValue;

use crate::encode::Encode;

/// Type of a database column. Both databases use only these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Int,
    Text,
}

/// Shape of a value on the wire, for the OpenAPI document, the filter language and messages.
#[derive(Clone)]
pub enum Shape {
    Text {
        max: usize,
        pattern: Option<&'static str>,
        example: Option<&'static str>,
    },
    Id {
        prefix: &'static str,
    },
    Word {
        title: &'static str,
        doc: &'static str,
        words: &'static [(&'static str, &'static str)],
    },
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    /// A 64-bit integer, a string on the wire.
    Long,
    Ratio {
        max: u32,
    },
    Day,
    Instant,
    Money,
    List {
        of: Box<Shape>,
        max: usize,
    },
    Map {
        max: usize,
        key_max: usize,
        value_max: usize,
    },
    Object {
        title: &'static str,
        doc: &'static str,
        fields: &'static [FieldSpec],
    },
    /// A text of any length in this format, produced by the service. This shape and those below occur in responses only.
    Plain {
        format: Option<&'static str>,
    },
    /// One of these texts, without a schema of its own.
    OneOf(&'static [&'static str]),
    /// An object that occurs in responses only.
    Answer(&'static AnswerSpec),
    /// Any JSON object.
    Json,
    /// The resource of this schema, as visible to the reader.
    Resource(&'static str),
}

impl Shape {
    /// The same shape without the pattern of a text.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::List { of, max } => Self::List { of: Box::new(of.plain()), max },
            Self::Text { .. } | Self::Id { .. } => Self::Plain { format: None },
            Self::Instant => Self::Plain { format: Some("date-time") },
            other => other,
        }
    }
}

/// Wire type of a value, known at compile time: the API tables are checked against it.
#[derive(Clone, Copy)]
pub enum Wire {
    Text,
    Bool,
    Int,
    Long,
    Number,
    Instant,
    Map,
    Word(&'static [(&'static str, &'static str)]),
    /// A message with this name whose fields are not declared.
    Object(&'static str),
    /// A value with this name, and its fields.
    Value(&'static str, &'static [FieldSpec]),
    Answer(&'static AnswerSpec),
    Json,
    List {
        of: &'static Wire,
    },
}

/// Who sets a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setter {
    /// The caller, at creation only.
    Create,
    /// The caller, at creation and later.
    Write,
    /// The service.
    System,
}

/// One field of a declaration.
#[expect(clippy::struct_excessive_bools, reason = "independent properties, each read by another layer")]
#[derive(Clone, Copy)]
pub struct FieldSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub setter: Setter,
    /// May be used in `filter` and `order_by`.
    pub filter: bool,
    /// Hidden from partners.
    pub private: bool,
    /// Personal data: not logged, and cleared by erasure.
    pub personal: bool,
    /// Refers to the parent resource.
    pub parent: bool,
    /// Copied at creation from the field of the same name of a parent.
    pub inherited: bool,
    /// Unique in the organisation.
    pub unique: bool,
    pub nullable: bool,
    /// Optional in a create request.
    pub optional: bool,
    /// Suffix and type of each column.
    pub columns: &'static [(&'static str, ColumnType)],
    pub wire: Wire,
    pub shape: fn() -> Shape,
    /// The moves of the state machine whose state this field holds; absent in other fields.
    pub moves: Option<fn() -> Moves>,
}

/// Each state that has a next one, and the states that may follow it, by their words.
pub type Moves = Vec<(&'static str, Vec<&'static str>)>;

/// A type that occurs on the wire.
pub trait Described: Encode {
    const WIRE: Wire;
    /// Whether it may be absent on the wire.
    const NULLABLE: bool = false;
    /// The moves between its words, where they are the states of a state machine.
    const MOVES: Option<fn() -> Moves> = None;

    fn shape() -> Shape;
    /// Whether this value is absent on the wire.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A text produced by the service.
impl Described for String {
    const WIRE: Wire = Wire::Text;

    fn shape() -> Shape {
        Shape::Plain { format: None }
    }
}

impl Described for &'static str {
    const WIRE: Wire = Wire::Text;

    fn shape() -> Shape {
        Shape::Plain { format: None }
    }
}

/// A constant list.
impl<T: Described> Described for &'static [T] {
    const WIRE: Wire = Wire::List { of: &T::WIRE };

    fn shape() -> Shape {
        Vec::<T>::shape()
    }
}

impl Described for std::borrow::Cow<'static, str> {
    const WIRE: Wire = Wire::Text;

    fn shape() -> Shape {
        Shape::Plain { format: None }
    }
}

/// A JSON object in text form.
impl Described for Box<RawValue> {
    const WIRE: Wire = Wire::Json;

    fn shape() -> Shape {
        Shape::Json
    }
}

/// A value that occurs in responses only; implemented by `#[answer]`.
pub trait Answer: Described {
    const SPEC: &'static AnswerSpec;
}

/// Declaration of a response object.
pub struct AnswerSpec {
    /// Name of its schema.
    pub title: &'static str,
    /// Name of its message.
    pub message: &'static str,
    /// Whether its schema is inlined where it is used.
    pub in_place: bool,
    pub doc: &'static str,
    pub fields: &'static [AnswerField],
}

/// One member of a response object.
#[derive(Clone, Copy)]
pub struct AnswerField {
    pub name: &'static str,
    pub doc: &'static str,
    /// Whether it may be absent.
    pub nullable: bool,
    /// Minimum of a number.
    pub min: Option<i64>,
    /// Maximum of a number, or maximum number of items of a list.
    pub max: Option<i64>,
    pub wire: Wire,
    pub shape: fn() -> Shape,
}
