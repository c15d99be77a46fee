//! Answers by the tables of their messages: what a value says of itself becomes protobuf.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};
use steerco_domain::encode::{Encode, Encoder, MemberEncoder};
use steerco_proto::table::{Field, Holds, Message};

/// A message that is written.
pub(super) type Encoded = Vec<u8>;

/// Writes a whole message.
pub(super) fn encode(message: &'static Message, value: &dyn Encode) -> Encoded {
    let mut out = Vec::with_capacity(512);
    value.encode(&mut Root { message, out: &mut out });
    out
}

/// Writes the message that a value is.
struct Root<'a> {
    message: &'static Message,
    out: &'a mut Vec<u8>,
}

/// A message is an object: anything else would be a fault of a declaration, which the tables are compared with.
impl Encoder for Root<'_> {
    fn text(&mut self, _: &str) {}
    fn bool(&mut self, _: bool) {}
    fn int(&mut self, _: i32) {}
    fn long(&mut self, _: i64) {}
    fn number(&mut self, _: f64) {}
    fn instant(&mut self, _: i64, _: &dyn Display) {}
    fn word(&mut self, _: usize, _: &'static str) {}
    fn list(&mut self, _: &mut dyn Iterator<Item = &dyn Encode>) {}
    fn map(&mut self, _: &BTreeMap<String, String>) {}
    fn json(&mut self, _: &str) {}
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        members(&mut Fields { message: self.message, out: self.out, next: 0 });
    }
}

/// Writes the fields of a message.
struct Fields<'a> {
    message: &'static Message,
    out: &'a mut Vec<u8>,
    /// Where the next field most likely stands: members mostly come in the order of the message.
    next: usize,
}

impl MemberEncoder for Fields<'_> {
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let fields = self.message.fields;
        let ahead = fields.iter().skip(self.next).position(|field| field.name == name).map(|i| i + self.next);
        let place = ahead.or_else(|| fields.iter().position(|field| field.name == name));
        if let Some(place) = place {
            self.next = place + 1;
            value.encode(&mut One { field: &fields[place], out: self.out, item: false });
        }
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Writes what has a length before it, which is known only behind it.
fn put_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    if let Some(byte) = u8::try_from(length).ok().filter(|byte| *byte < 0x80) {
        out[at] = byte;
        return;
    }
    let mut size = Vec::with_capacity(5);
    put_varint(&mut size, length as u64);
    out.splice(at..=at, size);
}

/// Writes one field.
struct One<'a> {
    field: &'static Field,
    out: &'a mut Vec<u8>,
    /// Whether it is an item of a list: every item is written, also one that equals the default.
    item: bool,
}

impl One<'_> {
    fn key(&mut self, wire: u32) {
        put_varint(self.out, u64::from(self.field.number << 3 | wire));
    }

    fn is_left_out(&self, default: bool) -> bool {
        default && !self.item && !self.field.presence
    }

    fn varint(&mut self, value: u64) {
        if !self.is_left_out(value == 0) {
            // Items are packed behind one key.
            if !self.item {
                self.key(0);
            }
            put_varint(self.out, value);
        }
    }

    fn part(&mut self, bytes: &[u8]) {
        self.key(2);
        put_varint(self.out, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn sized(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(2);
        put_sized(self.out, write);
    }
}

#[expect(clippy::cast_sign_loss, reason = "as protobuf defines it")]
impl Encoder for One<'_> {
    fn text(&mut self, text: &str) {
        if let Holds::Word(words) = self.field.holds {
            let number = words.iter().find(|(word, _)| *word == text).map_or(0, |(_, number)| *number);
            self.int(number);
        } else if !self.is_left_out(text.is_empty()) {
            self.part(text.as_bytes());
        }
    }
    fn bool(&mut self, is: bool) {
        self.varint(is.into());
    }
    fn int(&mut self, int: i32) {
        self.varint(i64::from(int) as u64);
    }
    fn long(&mut self, int: i64) {
        self.varint(int as u64);
    }
    fn number(&mut self, number: f64) {
        if !self.is_left_out(number.to_bits() == 0) {
            if !self.item {
                self.key(1);
            }
            self.out.extend_from_slice(&number.to_le_bytes());
        }
    }
    fn instant(&mut self, micros: i64, _text: &dyn Display) {
        let (seconds, nanos) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) * 1_000);
        self.sized(|out| {
            for (key, value) in [(0x08, seconds), (0x10, nanos)] {
                if value != 0 {
                    out.push(key);
                    put_varint(out, value as u64);
                }
            }
        });
    }
    fn word(&mut self, position: usize, word: &'static str) {
        match self.field.holds {
            // The words of the declaration stand in the order of the message: `fits` compares them.
            Holds::Word(words) => self.int(words.get(position).map_or(0, |(_, number)| *number)),
            _ => self.text(word),
        }
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let field = self.field;
        if matches!(field.holds, Holds::Text | Holds::Bytes | Holds::Instant | Holds::Object(_)) {
            for item in items {
                item.encode(&mut One { field, out: self.out, item: true });
            }
            return;
        }
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.sized(|out| items.for_each(|item| item.encode(&mut One { field, out, item: true })));
        }
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        for (key, member) in members {
            self.sized(|out| {
                for (tag, text) in [(0x0a, key), (0x12, member)] {
                    if !text.is_empty() {
                        out.push(tag);
                        put_varint(out, text.len() as u64);
                        out.extend_from_slice(text.as_bytes());
                    }
                }
            });
        }
    }
    fn json(&mut self, text: &str) {
        if let Ok(Value::Object(object)) = serde_json::from_str(text) {
            self.sized(|out| put_struct(out, &object));
        }
    }
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        if let Holds::Object(message) = self.field.holds {
            self.sized(|out| members(&mut Fields { message, out, next: 0 }));
        }
    }
}

/// `google.protobuf.Struct`: a map of values.
fn put_struct(out: &mut Vec<u8>, object: &Map<String, Value>) {
    for (name, value) in object {
        out.push(0x0a);
        put_sized(out, |out| {
            out.push(0x0a);
            put_varint(out, name.len() as u64);
            out.extend_from_slice(name.as_bytes());
            out.push(0x12);
            put_sized(out, |out| put_value(out, value));
        });
    }
}

/// `google.protobuf.Value`, one of its six kinds.
fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(&[0x08, 0]),
        Value::Number(number) => {
            out.push(0x11);
            out.extend_from_slice(&number.as_f64().unwrap_or_default().to_le_bytes());
        }
        Value::String(text) => {
            out.push(0x1a);
            put_varint(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Bool(is) => out.extend_from_slice(&[0x20, u8::from(*is)]),
        Value::Object(object) => {
            out.push(0x2a);
            put_sized(out, |out| put_struct(out, object));
        }
        Value::Array(items) => {
            out.push(0x32);
            put_sized(out, |out| {
                for item in items {
                    out.push(0x0a);
                    put_sized(out, |out| put_value(out, item));
                }
            });
        }
    }
}

/// A message of one field of bytes.
pub(super) fn chunk(message: &'static Message, bytes: &[u8]) -> Encoded {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    if let Some(field) = message.fields.iter().find(|field| matches!(field.holds, Holds::Bytes)) {
        One { field, out: &mut out, item: true }.part(bytes);
    }
    out
}
