//! Messages by their tables: in as the JSON that the domain reads, out as what the domain tells.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use steerco_domain::encode::{Encode, Encoder, MemberEncoder};
use steerco_domain::time::Instant;
use steerco_proto::table::{Field, Holds, Message};

/// Objects in objects that are read, as prost does.
const DEPTH_MAX: u32 = 100;

/// Why bytes are no message.
pub(super) type Unreadable = &'static str;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut value = 0;
        for (i, byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err("invalid varint")
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("buffer underflow")?;
        self.0 = rest;
        Ok(taken)
    }

    fn part(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(self.varint()?).map_err(|_| "buffer underflow")?;
        self.take(length)
    }

    fn skip(&mut self, wire: u64, depth: u32) -> Result<(), Unreadable> {
        match wire {
            0 => self.varint().map(drop),
            1 => self.take(8).map(drop),
            2 => self.part().map(drop),
            3 if depth < DEPTH_MAX => loop {
                match self.varint()? & 7 {
                    4 => return Ok(()),
                    wire => self.skip(wire, depth + 1)?,
                }
            },
            5 => self.take(4).map(drop),
            _ => Err("invalid wire type"),
        }
    }
}

/// The fields of a message that are set.
pub(super) fn read(message: &'static Message, bytes: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    let mut map = Map::new();
    read_into(message, bytes, &mut map, 0)?;
    Ok(map)
}

fn read_into(message: &'static Message, bytes: &[u8], map: &mut Map<String, Value>, depth: u32) -> Result<(), Unreadable> {
    if depth > DEPTH_MAX {
        return Err("recursion limit reached");
    }
    let (mut bytes, mut next) = (Bytes(bytes), 0);
    while !bytes.0.is_empty() {
        let key = bytes.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0).ok_or("invalid tag")?;
        let wire = key & 7;
        let place = message.fields[next..].iter().position(|field| field.number == number).map(|i| i + next);
        let place = place.or_else(|| message.fields.iter().position(|field| field.number == number));
        let Some(place) = place else {
            bytes.skip(wire, depth)?;
            continue;
        };
        next = place;
        let field = &message.fields[place];
        if field.repeated {
            let Value::Array(items) = map.entry(field.name).or_insert_with(|| Value::Array(Vec::new())) else {
                return Err("a field of two kinds");
            };
            if wire == 2 && !matches!(field.holds, Holds::Text | Holds::Bytes | Holds::Instant | Holds::Map | Holds::Object(_)) {
                let mut packed = Bytes(bytes.part()?);
                while !packed.0.is_empty() {
                    items.push(scalar(field, &mut packed)?);
                }
            } else {
                items.push(value(field, wire, &mut bytes, None, depth)?);
            }
            continue;
        }
        let before = map.remove(field.name);
        let value = value(field, wire, &mut bytes, before, depth)?;
        if field.presence || !is_default(field.holds, &value) {
            map.insert(field.name.to_owned(), value);
        }
    }
    Ok(())
}

fn value(field: &'static Field, wire: u64, bytes: &mut Bytes<'_>, before: Option<Value>, depth: u32) -> Result<Value, Unreadable> {
    match (field.holds, wire) {
        (Holds::Text, 2) => text(bytes.part()?),
        (Holds::Instant, 2) => instant(bytes.part()?),
        (Holds::Object(message), 2) => {
            let mut map = match before {
                Some(Value::Object(map)) => map,
                _ => Map::new(),
            };
            read_into(message, bytes.part()?, &mut map, depth + 1)?;
            Ok(Value::Object(map))
        }
        (Holds::Map, 2) => {
            let mut map = match before {
                Some(Value::Object(map)) => map,
                _ => Map::new(),
            };
            let (mut entry, mut key, mut member) = (Bytes(bytes.part()?), String::new(), Value::String(String::new()));
            while !entry.0.is_empty() {
                match entry.varint()? {
                    0x0a => key = String::from_utf8(entry.part()?.to_vec()).map_err(|_| "invalid string value")?,
                    0x12 => member = text(entry.part()?)?,
                    key => entry.skip(key & 7, depth)?,
                }
            }
            map.insert(key, member);
            Ok(Value::Object(map))
        }
        (Holds::Bool | Holds::Int | Holds::Long | Holds::Word(_), 0) | (Holds::Number, 1) => scalar(field, bytes),
        _ => Err("invalid wire type"),
    }
}

fn text(bytes: &[u8]) -> Result<Value, Unreadable> {
    std::str::from_utf8(bytes).map(|text| Value::String(text.to_owned())).map_err(|_| "invalid string value: data is not UTF-8 encoded")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as protobuf has it")]
fn scalar(field: &'static Field, bytes: &mut Bytes<'_>) -> Result<Value, Unreadable> {
    Ok(match field.holds {
        Holds::Bool => Value::Bool(bytes.varint()? != 0),
        Holds::Int => Value::from(bytes.varint()? as i32),
        Holds::Long => Value::String((bytes.varint()? as i64).to_string()),
        Holds::Word(words) => {
            let number = bytes.varint()? as i32;
            let word = words.iter().find(|(_, known)| *known == number);
            Value::String(word.map_or_else(|| number.to_string(), |(word, _)| (*word).to_owned()))
        }
        Holds::Number => {
            let bytes: [u8; 8] = bytes.take(8)?.try_into().map_err(|_| "buffer underflow")?;
            let number = f64::from_le_bytes(bytes);
            // JSON has no NaN and no infinity: they stay texts, which no number field takes.
            Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        _ => return Err("invalid wire type"),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as protobuf has it")]
fn instant(bytes: &[u8]) -> Result<Value, Unreadable> {
    let (mut bytes, mut seconds, mut nanos) = (Bytes(bytes), 0_i64, 0_i32);
    while !bytes.0.is_empty() {
        match bytes.varint()? {
            0x08 => seconds = bytes.varint()? as i64,
            0x10 => nanos = bytes.varint()? as i32,
            key => bytes.skip(key & 7, 0)?,
        }
    }
    let exact = (0..1_000_000_000).contains(&nanos) && nanos % 1_000 == 0;
    let micros = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)));
    Ok(Value::String(match micros.filter(|_| exact) {
        Some(micros) => Instant::from_micros(micros).to_string(),
        None => format!("{seconds} s {nanos} ns"),
    }))
}

fn is_default(holds: Holds, value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || (text == "0" && matches!(holds, Holds::Long | Holds::Word(_))),
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

// ---- out ----

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// What is behind a length that is not known before.
pub(super) fn put_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
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
pub(super) struct Wire<'a> {
    pub(super) field: &'static Field,
    pub(super) out: &'a mut Vec<u8>,
    /// In a list every item is there, whatever it is.
    pub(super) item: bool,
}

impl Wire<'_> {
    fn key(&mut self, wire: u32) {
        put_varint(self.out, u64::from(self.field.number << 3 | wire));
    }

    fn is_left_out(&self, default: bool) -> bool {
        default && !self.item && !self.field.presence
    }

    fn varint(&mut self, value: u64) {
        if !self.is_left_out(value == 0) {
            if !self.item {
                self.key(0);
            }
            put_varint(self.out, value);
        }
    }

    pub(super) fn part(&mut self, bytes: &[u8]) {
        self.key(2);
        put_varint(self.out, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }
}

#[expect(clippy::cast_sign_loss, reason = "as protobuf has it")]
impl Encoder for Wire<'_> {
    fn text(&mut self, text: &str) {
        if !self.is_left_out(text.is_empty()) {
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
    fn instant(&mut self, at: Instant) {
        let micros = at.micros();
        let (seconds, nanos) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) * 1_000);
        self.key(2);
        put_sized(self.out, |out| {
            if seconds != 0 {
                out.push(0x08);
                put_varint(out, seconds as u64);
            }
            if nanos != 0 {
                out.push(0x10);
                put_varint(out, nanos as u64);
            }
        });
    }
    fn word(&mut self, position: usize, _word: &'static str) {
        let Holds::Word(words) = self.field.holds else { return };
        let number = words.get(position).map_or(0, |(_, number)| *number);
        self.int(number);
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let field = self.field;
        if matches!(field.holds, Holds::Text | Holds::Bytes | Holds::Instant | Holds::Object(_)) {
            for item in items {
                item.encode(&mut Wire { field, out: self.out, item: true });
            }
            return;
        }
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.key(2);
            put_sized(self.out, |out| {
                for item in items {
                    item.encode(&mut Wire { field, out, item: true });
                }
            });
        }
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        for (key, member) in members {
            self.key(2);
            put_sized(self.out, |out| {
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
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        let Holds::Object(message) = self.field.holds else { return };
        self.key(2);
        put_sized(self.out, |out| members(&mut Fields { message, out, next: 0 }));
    }
}

/// Writes the fields of a message.
pub(super) struct Fields<'a> {
    pub(super) message: &'static Message,
    pub(super) out: &'a mut Vec<u8>,
    pub(super) next: usize,
}

impl MemberEncoder for Fields<'_> {
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let fields = self.message.fields;
        let same = |field: &Field| std::ptr::eq(field.name, name) || field.name == name;
        let place = fields[self.next..].iter().position(same).map(|i| i + self.next);
        if let Some(place) = place.or_else(|| fields.iter().position(same)) {
            self.next = place;
            value.encode(&mut Wire { field: &fields[place], out: self.out, item: false });
        }
    }
}
