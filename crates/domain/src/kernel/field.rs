//! Types of fields. The type of a field determines its columns, JSON form, limits and documentation in every layer.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::error::Fault;
pub use crate::shape::{ColumnType, Described, FieldSpec, Moves, Setter, Shape, Wire};

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("null, an integer or a text")
    }
    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }
    fn visit_i64<E>(self, int: i64) -> Result<Cell, E> {
        Ok(Cell::Int(int))
    }
    fn visit_u64<E: serde::de::Error>(self, int: u64) -> Result<Cell, E> {
        i64::try_from(int).map(Cell::Int).map_err(E::custom)
    }
    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }
}

/// A stored row does not match its declaration: the database was changed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt(pub String);

/// The cells of a row, read in the order of the declaration.
pub struct Cells(std::vec::IntoIter<Cell>);

impl Cells {
    pub fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    pub fn field<T: Field>(&mut self, name: &str) -> Result<T, Corrupt> {
        T::load(self).ok_or_else(|| Corrupt(format!("column {name} holds a value that its type does not allow")))
    }

    pub fn int(&mut self) -> Option<i64> {
        match self.0.next() {
            Some(Cell::Int(value)) => Some(value),
            _ => None,
        }
    }

    pub fn text(&mut self) -> Option<String> {
        match self.0.next() {
            Some(Cell::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether the next value is null; if so, its `columns` cells are consumed.
    fn take_null(&mut self, columns: usize) -> bool {
        let null = matches!(self.0.as_slice().first(), Some(Cell::Null));
        if null {
            for _ in 0..columns {
                self.0.next();
            }
        }
        null
    }
}

/// Position of a value in the request, and the faults found so far.
pub struct Spot<'a> {
    pub pointer: String,
    pub faults: &'a mut Vec<Fault>,
}

impl Spot<'_> {
    /// Reports a fault at this position. Returns `None`, so that a reader can end with it.
    pub fn fault<T>(&mut self, code: &'static str, detail: impl Into<String>) -> Option<T> {
        self.faults.push(Fault::new(self.pointer.clone(), code, detail));
        None
    }

    pub fn wrong_type<T>(&mut self, wanted: &str, got: &Value) -> Option<T> {
        let got = match got {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.fault("WRONG_TYPE", format!("must be {wanted}, not {got}"))
    }

    /// The position of a member or element below this one.
    pub fn below(&mut self, name: &str) -> Spot<'_> {
        Spot { pointer: format!("{}/{}", self.pointer, crate::spelling::pointer_part(name)), faults: self.faults }
    }
}

/// A type that can be a field.
pub trait Field: Sized + Clone + PartialEq + Serialize + Described {
    const COLUMNS: &'static [(&'static str, ColumnType)];
    const OPTIONAL: bool = false;

    fn store(&self, out: &mut Vec<Cell>);
    fn load(cells: &mut Cells) -> Option<Self>;
    /// Reads a value from a request and reports every fault.
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self>;
    /// The value of an absent or cleared field; `None` if a value is required.
    fn absent() -> Option<Self> {
        None
    }
    /// The value after a merge patch.
    fn merged(&self, patch: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        Self::read(patch, spot)
    }
    /// Visits the resources that this value refers to: kind and id.
    fn references(&self, _visit: &mut dyn FnMut(&'static str, String)) {}
}

impl<T: Described> Described for Option<T> {
    const WIRE: Wire = T::WIRE;
    const NULLABLE: bool = true;
    const MOVES: Option<fn() -> Moves> = T::MOVES;

    fn shape() -> Shape {
        T::shape()
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Field> Field for Option<T> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = T::COLUMNS;
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        match self {
            Some(value) => value.store(out),
            None => out.extend(T::COLUMNS.iter().map(|_| Cell::Null)),
        }
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        if cells.take_null(T::COLUMNS.len()) { Some(None) } else { T::load(cells).map(Some) }
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        T::read(value, spot).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
        if let Some(value) = self {
            value.references(visit);
        }
    }
}

impl Described for bool {
    const WIRE: Wire = Wire::Bool;

    fn shape() -> Shape {
        Shape::Bool
    }
}

impl Field for bool {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(i64::from(*self)));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().map(|value| value != 0)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        value.as_bool().or_else(|| spot.wrong_type("true or false", value))
    }
    fn absent() -> Option<Self> {
        Some(false)
    }
}

impl Described for i32 {
    const WIRE: Wire = Wire::Int;

    fn shape() -> Shape {
        Shape::Int { min: i64::from(i32::MIN), max: i64::from(i32::MAX) }
    }
}

/// Whole numbers: days, ratings, months.
impl Field for i32 {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(i64::from(*self)));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().and_then(|value| value.try_into().ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        read_int(value, i64::from(i32::MIN), i64::from(i32::MAX), spot).and_then(|v| v.try_into().ok())
    }
}

/// A whole number between two limits, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: i64, const MAX: i64>(i32);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// This number, if it is within the limits.
    pub fn new(number: i64) -> Option<Self> {
        i32::try_from(number).ok().filter(|_| (MIN..=MAX).contains(&number)).map(Self)
    }

    pub fn get(self) -> i32 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> Encode for Whole<MIN, MAX> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.int(self.get());
    }
}

impl<const MIN: i64, const MAX: i64> Described for Whole<MIN, MAX> {
    const WIRE: Wire = Wire::Int;

    fn shape() -> Shape {
        Shape::Int { min: MIN, max: MAX }
    }
}

impl<const MIN: i64, const MAX: i64> Field for Whole<MIN, MAX> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        self.0.store(out);
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        i32::load(cells).map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        read_int(value, MIN, MAX, spot).and_then(|v| v.try_into().ok()).map(Self)
    }
}

/// A 64-bit integer, a string on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Long(pub i64);

impl Serialize for Long {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Encode for Long {
    fn encode(&self, to: &mut dyn Encoder) {
        to.long(self.0);
    }
}

impl Described for Long {
    const WIRE: Wire = Wire::Long;

    fn shape() -> Shape {
        Shape::Long
    }
}

impl Field for Long {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(self.0));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a 64-bit integer as a string", value) };
        crate::spelling::plain_int(text)
            .map(Self)
            .or_else(|| spot.fault("OUT_OF_RANGE", "must be a 64-bit integer as a string"))
    }
}

fn read_int(value: &Value, min: i64, max: i64, spot: &mut Spot<'_>) -> Option<i64> {
    // 3.0 is a whole number in JSON.
    let whole = value.as_i64().or_else(|| value.as_f64().filter(|f| f.fract() == 0.0).and_then(exact_i64));
    match whole {
        Some(number) if (min..=max).contains(&number) => Some(number),
        _ if value.is_number() => spot.fault("OUT_OF_RANGE", format!("must be a whole number from {min} to {max}")),
        _ => spot.wrong_type("a whole number", value),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "limited to the range in which f64 holds every whole number")]
fn exact_i64(value: f64) -> Option<i64> {
    (value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
}

impl<T: Described> Described for Vec<T> {
    const WIRE: Wire = Wire::List { of: &T::WIRE };

    fn shape() -> Shape {
        Shape::List { of: Box::new(T::shape()), max: LIST_MAX }
    }
}

/// A list, stored as one JSON text.
impl<T: Field + serde::de::DeserializeOwned> Field for Vec<T> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(json_cell(self));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| serde_json::from_str(&text).ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        read_list(value, LIST_MAX, spot)
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
        for item in self {
            item.references(visit);
        }
    }
}

/// A list with a maximum length of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode(&self, to: &mut dyn Encoder) {
        self.0.encode(to);
    }
}

impl<T: Described, const MAX: usize> Described for List<T, MAX> {
    const WIRE: Wire = Wire::List { of: &T::WIRE };

    fn shape() -> Shape {
        Shape::List { of: Box::new(T::shape()), max: MAX }
    }
}

impl<T: Field + serde::de::DeserializeOwned, const MAX: usize> Field for List<T, MAX> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(json_cell(&self.0));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| serde_json::from_str(&text).ok()).map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        read_list(value, MAX, spot).map(Self)
    }
    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
        self.0.references(visit);
    }
}

fn read_list<T: Field>(value: &Value, max: usize, spot: &mut Spot<'_>) -> Option<Vec<T>> {
    let Some(items) = value.as_array() else { return spot.wrong_type("an array", value) };
    if items.len() > max {
        return spot.fault("TOO_MANY", format!("at most {max} elements"));
    }
    let read: Vec<_> =
        items.iter().enumerate().map(|(i, item)| T::read(item, &mut spot.below(&i.to_string()))).collect();
    read.into_iter().collect()
}

/// Maximum number of elements of a list in a field.
pub const LIST_MAX: usize = 100;

/// A value as JSON text. The types stored in this way cannot fail to serialise.
pub fn json_cell(value: &impl Serialize) -> Cell {
    serde_json::to_string(value).map_or(Cell::Null, Cell::Text)
}
