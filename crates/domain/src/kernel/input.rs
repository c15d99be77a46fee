//! Parsing of request bodies. All faults of a request are reported at once.

use serde_json::{Map, Value};

use crate::error::{Error, Fault};
use crate::field::{Cell, Cells, Field, FieldSpec, Setter, Spot};
pub use crate::spelling::{plain_int, pointer_part, unknown_name};

/// The body of a verb, or a nested object; implemented by `#[input]`.
pub trait Input: Sized {
    const TITLE: &'static str;
    const DOC: &'static str;
    const FIELDS: &'static [FieldSpec];
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
    /// Visits the resources that its fields refer to: kind and id.
    fn references(&self, visit: &mut dyn FnMut(&'static str, String));
    /// Appends the cells of its fields, to store the input.
    fn to_cells(&self, out: &mut Vec<Cell>);
    /// Loads a stored input.
    fn from_cells(cells: &mut Cells) -> Option<Self>;
}

/// Reads the members of one object and reports every fault.
pub struct Reader<'a> {
    object: &'a Map<String, Value>,
    at: String,
    pub faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub fn new(object: &'a Map<String, Value>, at: impl Into<String>) -> Self {
        Self { object, at: at.into(), faults: Vec::new() }
    }

    fn spot(&mut self, name: &str) -> Spot<'_> {
        Spot { pointer: format!("{}/{}", self.at, pointer_part(name)), faults: &mut self.faults }
    }

    pub fn field<T: Field>(&mut self, name: &str) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => T::absent().or_else(|| self.spot(name).fault("REQUIRED", "is required")),
            Some(value) => T::read(value, &mut self.spot(name)),
        }
    }

    /// RFC 7396: an absent member keeps the value, null clears it, anything else replaces it.
    pub fn merge<T: Field>(&mut self, name: &str, current: &mut T) {
        let merged = match self.object.get(name) {
            None => return,
            Some(Value::Null) => {
                T::absent().or_else(|| self.spot(name).fault("REQUIRED", "is required and cannot be cleared"))
            }
            Some(patch) => current.merged(patch, &mut self.spot(name)),
        };
        if let Some(merged) = merged {
            *current = merged;
        }
    }

    /// A 64-bit integer as a string.
    pub fn long(&mut self, name: &str) -> Option<i64> {
        match self.object.get(name)? {
            Value::Null => None,
            Value::String(text) => plain_int(text)
                .or_else(|| self.spot(name).fault("OUT_OF_RANGE", "must be a 64-bit integer as a string")),
            other => self.spot(name).wrong_type("a 64-bit integer as a string", other),
        }
    }

    /// Rejects unknown members.
    pub fn only(&mut self, fields: &[FieldSpec]) {
        let names: Vec<&str> = fields.iter().map(|f| f.name).collect();
        for name in self.object.keys() {
            if !names.contains(&name.as_str()) {
                self.unknown(name, &names);
            }
        }
    }

    /// Rejects members that a caller may not set: unknown ones, those set by the service, and with `update` those set at
    /// creation only.
    pub fn settable(&mut self, fields: &[FieldSpec], update: bool) {
        let names: Vec<&str> = fields.iter().filter(|f| may_set(f, update)).map(|f| f.name).collect();
        for name in self.object.keys() {
            match fields.iter().find(|f| f.name == name) {
                Some(field) if may_set(field, update) => {}
                Some(field) if field.setter == Setter::Create => {
                    self.spot(name).fault::<()>("IMMUTABLE", "can only be set at creation");
                }
                Some(_) => {
                    self.spot(name).fault::<()>("READ_ONLY", "is set by the service");
                }
                None => self.unknown(name, &names),
            }
        }
    }

    fn unknown(&mut self, name: &str, known: &[&str]) {
        // Suggestions are limited, because searching for similar names takes long.
        if self.faults.len() >= UNKNOWN_MAX {
            return;
        }
        let detail = unknown_name(name, known);
        self.spot(name).fault::<()>("UNKNOWN_FIELD", detail);
    }
}

fn may_set(field: &FieldSpec, update: bool) -> bool {
    field.setter == Setter::Write || (field.setter == Setter::Create && !update)
}

/// Maximum number of faults, after which unknown members are no longer counted.
const UNKNOWN_MAX: usize = 100;

/// Reads a whole input and reports all faults at once.
pub fn read_input<T: Input>(object: &Map<String, Value>) -> Result<T, Error> {
    let mut reader = Reader::new(object, "");
    reader.only(T::FIELDS);
    let read = T::read(&mut reader);
    match read {
        Some(input) if reader.faults.is_empty() => Ok(input),
        _ => Err(Error::invalid(reader.faults)),
    }
}

/// Makes an `#[input(value)]` struct a field, stored as JSON text.
macro_rules! value_field {
    ($name:ident) => {
        impl crate::field::Described for $name {
            const WIRE: crate::field::Wire =
                crate::field::Wire::Value(<Self as crate::input::Input>::TITLE, <Self as crate::input::Input>::FIELDS);

            fn shape() -> crate::field::Shape {
                use crate::input::Input;
                crate::field::Shape::Object { title: Self::TITLE, doc: Self::DOC, fields: Self::FIELDS }
            }
        }
        impl crate::field::Field for $name {
            const COLUMNS: &'static [(&'static str, crate::field::ColumnType)] =
                &[("", crate::field::ColumnType::Text)];
            fn store(&self, out: &mut Vec<crate::field::Cell>) {
                out.push(crate::field::json_cell(self));
            }
            fn load(cells: &mut crate::field::Cells) -> Option<Self> {
                let value: serde_json::Value = cells.text().and_then(|text| serde_json::from_str(&text).ok())?;
                // Members written by a later release are ignored.
                let mut reader = crate::input::Reader::new(value.as_object()?, "");
                let read = <Self as crate::input::Input>::read(&mut reader);
                read.filter(|_| reader.faults.is_empty())
            }
            fn read(value: &serde_json::Value, spot: &mut crate::field::Spot<'_>) -> Option<Self> {
                use crate::input::Input;
                let Some(object) = value.as_object() else { return spot.wrong_type("an object", value) };
                let mut reader = crate::input::Reader::new(object, spot.pointer.clone());
                reader.only(Self::FIELDS);
                let read = <Self as Input>::read(&mut reader);
                let clean = reader.faults.is_empty();
                spot.faults.append(&mut reader.faults);
                read.filter(|_| clean)
            }
            fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
                crate::input::Input::references(self, visit);
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let object = <serde_json::Map<_, _> as serde::Deserialize>::deserialize(deserializer)?;
                crate::input::read_input(&object).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use value_field;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_integers_are_strings_of_digits() {
        let object = serde_json::json!({"right": "-5", "signed": "+5", "number": 5});
        let mut reader = Reader::new(object.as_object().unwrap(), "");
        assert_eq!((reader.long("right"), reader.long("absent")), (Some(-5), None));
        assert!(reader.faults.is_empty());
        assert_eq!((reader.long("signed"), reader.long("number")), (None, None));
        let codes: Vec<_> = reader.faults.iter().map(|fault| fault.code.as_ref()).collect();
        assert_eq!(codes, ["OUT_OF_RANGE", "WRONG_TYPE"]);
    }
}
