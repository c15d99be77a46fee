//! Encoding of values, once for every format: a value calls an [`Encoder`], and there is one encoder for JSON and one for
//! protobuf messages.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// Writes one value in some format.
pub trait Encoder {
    fn text(&mut self, text: &str);
    fn bool(&mut self, is: bool);
    fn int(&mut self, int: i32);
    /// A string in JSON.
    fn long(&mut self, int: i64);
    fn number(&mut self, number: f64);
    /// Microseconds since 1970 (UTC), and the same instant in RFC 3339.
    fn instant(&mut self, micros: i64, text: &dyn Display);
    /// A word of an enum, and its position in the enum.
    fn word(&mut self, position: usize, word: &'static str);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>);
    fn map(&mut self, members: &BTreeMap<String, String>);
    /// Any JSON object, as text.
    fn json(&mut self, text: &str);
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder));
}

/// Writes the members of an object.
pub trait MemberEncoder {
    fn member(&mut self, name: &'static str, value: &dyn Encode);
}

/// A value on the wire.
pub trait Encode {
    fn encode(&self, to: &mut dyn Encoder);
}

macro_rules! encode {
    ($([$($generics:tt)*] $name:ty, $this:ident, $to:ident => $how:expr;)*) => {$(
        impl<$($generics)*> Encode for $name {
            fn encode(&self, $to: &mut dyn Encoder) {
                let $this = self;
                $how;
            }
        }
    )*};
}
encode! {
    [] std::borrow::Cow<'static, str>, text, to => to.text(text);
    [] Box<RawValue>, json, to => to.json(json.get());
    [] String, text, to => to.text(text);
    [] &str, text, to => to.text(text);
    [] bool, is, to => to.bool(*is);
    [] i32, int, to => to.int(*int);
    [T: Encode] &[T], items, to => to.list(&mut items.iter().map(|item| item as &dyn Encode));
    [T: Encode] Vec<T>, items, to => to.list(&mut items.iter().map(|item| item as &dyn Encode));
}

/// `None` encodes nothing.
impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut dyn Encoder) {
        if let Some(value) = self {
            value.encode(to);
        }
    }
}

/// Appends JSON to a buffer.
pub struct Json<'a>(pub &'a mut Vec<u8>);

impl Json<'_> {
    fn plain(&mut self, value: &impl serde::Serialize) {
        // Writing to memory cannot fail.
        drop(serde_json::to_writer(&mut *self.0, value));
    }
}

impl Encoder for Json<'_> {
    fn text(&mut self, text: &str) {
        self.plain(&text);
    }
    fn bool(&mut self, is: bool) {
        self.plain(&is);
    }
    fn int(&mut self, int: i32) {
        self.plain(&int);
    }
    fn long(&mut self, int: i64) {
        self.0.push(b'"');
        self.plain(&int);
        self.0.push(b'"');
    }
    fn number(&mut self, number: f64) {
        self.plain(&number);
    }
    fn instant(&mut self, _micros: i64, text: &dyn Display) {
        drop(write!(self.0, "\"{text}\""));
    }
    fn word(&mut self, _position: usize, word: &'static str) {
        self.0.push(b'"');
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        self.0.push(b'[');
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            item.encode(self);
        }
        self.0.push(b']');
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        self.plain(members);
    }
    fn json(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        let mut object = JsonMembers { out: &mut *self.0, first: true };
        object.out.push(b'{');
        members(&mut object);
        object.out.push(b'}');
    }
}

struct JsonMembers<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl MemberEncoder for JsonMembers<'_> {
    /// Names contain no characters that need escapes. A member without a value is omitted.
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let before = self.out.len();
        if !self.first {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        let named = self.out.len();
        value.encode(&mut Json(self.out));
        if self.out.len() == named {
            self.out.truncate(before);
        } else {
            self.first = false;
        }
    }
}

/// Builds a [`Value`].
struct ToValue(Value);

/// The value as JSON.
pub fn to_value(value: &dyn Encode) -> Value {
    let mut made = ToValue(Value::Null);
    value.encode(&mut made);
    made.0
}

impl Encoder for ToValue {
    fn text(&mut self, text: &str) {
        self.0 = Value::String(text.to_owned());
    }
    fn bool(&mut self, is: bool) {
        self.0 = Value::Bool(is);
    }
    fn int(&mut self, int: i32) {
        self.0 = Value::from(int);
    }
    fn long(&mut self, int: i64) {
        self.0 = Value::String(int.to_string());
    }
    fn number(&mut self, number: f64) {
        self.0 = Number::from_f64(number).map_or(Value::Null, Value::Number);
    }
    fn instant(&mut self, _micros: i64, text: &dyn Display) {
        self.0 = Value::String(text.to_string());
    }
    fn word(&mut self, _position: usize, word: &'static str) {
        self.text(word);
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        self.0 = Value::Array(items.map(to_value).collect());
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        self.0 = members.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
    }
    fn json(&mut self, text: &str) {
        self.0 = serde_json::from_str(text).unwrap_or_default();
    }
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        let mut object = Map::new();
        members(&mut object);
        self.0 = Value::Object(object);
    }
}

impl MemberEncoder for Map<String, Value> {
    /// A member without a value is omitted.
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let value = to_value(value);
        if !value.is_null() {
            self.insert(name.to_owned(), value);
        }
    }
}
