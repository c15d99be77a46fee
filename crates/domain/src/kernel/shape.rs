//! How values are described: to the documents by shapes, to the compiler by what they are on the wire.

use serde_json::value::RawValue;

use crate::encode::Encode;

/// What a database column holds. Both databases know just these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Int,
    Text,
}

/// The shape of a value on the wire, for the OpenAPI document, the filter language and messages.
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
    /// A text that the service makes, of any length, in this format. In answers only, as are those below.
    Plain {
        format: Option<&'static str>,
    },
    /// One of these texts, without a schema of its own.
    OneOf(&'static [&'static str]),
    /// An object that is only answered.
    Answer(&'static AnswerSpec),
    /// Any JSON object.
    Json,
    /// The resource of this schema as its reader sees it.
    Resource(&'static str),
}

impl Shape {
    /// The same without the pattern of a text.
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

/// What a value is on the wire, known to the compiler: the doors hold their tables against it.
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
    /// The message of this name.
    /// A message of this name, whose fields are not declared.
    Object(&'static str),
    /// A value of this name, with its fields.
    Value(&'static str, &'static [FieldSpec]),
    Answer(&'static AnswerSpec),
    Json,
    List {
        of: &'static Wire,
    },
}

/// Who may set a field.
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
    /// May stand in `filter` and `order_by`.
    pub filter: bool,
    /// Hidden from partners.
    pub private: bool,
    /// Personal data: kept out of the log, blanked by erasure.
    pub personal: bool,
    /// Names the resource this one lives under.
    pub parent: bool,
    /// Copied at creation from the field of the same name of a parent.
    pub inherited: bool,
    /// Unique in the organisation.
    pub unique: bool,
    pub nullable: bool,
    /// May be absent in a request that creates.
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

/// A type that stands on the wire.
pub trait Described: Encode {
    const WIRE: Wire;
    /// Whether the wire may leave it out.
    const NULLABLE: bool = false;
    /// The moves between its words, where they are the states of a state machine.
    const MOVES: Option<fn() -> Moves> = None;

    fn shape() -> Shape;
    /// Whether the wire leaves it out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A text that the service makes.
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

/// A list that never changes.
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

/// A JSON object that is text already.
impl Described for Box<RawValue> {
    const WIRE: Wire = Wire::Json;

    fn shape() -> Shape {
        Shape::Json
    }
}

/// A value that the service only answers; implemented by `#[answer]`.
pub trait Answer: Described {
    const SPEC: &'static AnswerSpec;
}

/// The declaration of an answer.
pub struct AnswerSpec {
    /// Its schema.
    pub title: &'static str,
    /// Its message.
    pub message: &'static str,
    /// Whether its schema stands where it is used.
    pub in_place: bool,
    pub doc: &'static str,
    pub fields: &'static [AnswerField],
}

/// One member of an answer.
#[derive(Clone, Copy)]
pub struct AnswerField {
    pub name: &'static str,
    pub doc: &'static str,
    /// Whether it may be left out.
    pub nullable: bool,
    /// The least that a number is.
    pub min: Option<i64>,
    /// The greatest that a number is, or how many items a list has at most.
    pub max: Option<i64>,
    pub wire: Wire,
    pub shape: fn() -> Shape,
}
