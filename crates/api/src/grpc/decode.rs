//! Request messages by their tables: the bytes become the JSON object that the service reads from either door.
//!
//! The bytes are a stranger's: nothing here may panic, recurse without bound, or allocate more than they themselves take.

use bytes::Bytes;
use serde_json::{Map, Number, Value};
use steerco_domain::time::Instant;
use steerco_proto::table::{Field, Holds, Message};

/// Messages within messages that are read.
const DEPTH_MAX: u32 = 100;

const TRUNCATED: &str = "the message is cut off";
const BAD_TYPE: &str = "invalid wire type";

/// Why bytes are no message, and where: `CreateRiskRequest.risk: Risk.title: invalid varint`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for Unreadable {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl Unreadable {
    fn within(self, message: &Message, field: &Field) -> Self {
        Self(format!("{}.{}: {}", message.name, field.name, self.0))
    }
}

/// A decoded message: the fields that are set, and the content of its field of bytes.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) object: Map<String, Value>,
    pub(super) chunk: Bytes,
}

/// Reads a whole message. Fields that equal their default are left out where presence is not tracked.
pub(super) fn decode(message: &'static Message, bytes: &Bytes) -> Result<Decoded, Unreadable> {
    let mut decoded = Decoded::default();
    read_fields(message, Cursor(bytes), &mut decoded.object, 0)?;
    if let Some(field) = message.fields.iter().find(|field| matches!(field.holds, Holds::Bytes)) {
        decoded.chunk = chunk(field, bytes)?;
    }
    Ok(decoded)
}

/// What is left of the bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut value = 0_u64;
        for (i, byte) in self.0.iter().enumerate().take(10) {
            // The tenth byte has room for one bit.
            if i == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err("invalid varint".into())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(TRUNCATED)?;
        self.0 = rest;
        Ok(taken)
    }

    /// What follows a length.
    fn part(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(self.varint()?).map_err(|_| TRUNCATED)?;
        self.take(length)
    }

    /// Number and wire type of the next field.
    fn key(&mut self) -> Result<(u32, u64), Unreadable> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        Ok((number.ok_or("invalid tag value")?, key & 7))
    }

    /// A field that the contract does not know: a newer client may send it.
    fn skip(&mut self, number: u32, wire: u64, depth: u32) -> Result<(), Unreadable> {
        match wire {
            0 => self.varint().map(drop),
            1 => self.take(8).map(drop),
            2 => self.part().map(drop),
            3 if depth < DEPTH_MAX => loop {
                match self.key()? {
                    (end, 4) if end == number => return Ok(()),
                    (_, 4) => return Err("unexpected end group tag".into()),
                    (inner, wire) => self.skip(inner, wire, depth + 1)?,
                }
            },
            3 => Err("recursion limit reached".into()),
            5 => self.take(4).map(drop),
            _ => Err(BAD_TYPE.into()),
        }
    }
}

/// The bytes of the field that holds bytes, shared with the message.
fn chunk(field: &Field, bytes: &Bytes) -> Result<Bytes, Unreadable> {
    let (mut cursor, mut found) = (Cursor(bytes), Bytes::new());
    while !cursor.0.is_empty() {
        let (number, wire) = cursor.key()?;
        if number == field.number {
            found = bytes.slice_ref(cursor.part()?);
        } else {
            cursor.skip(number, wire, 0)?;
        }
    }
    Ok(found)
}

fn read_fields(
    message: &'static Message,
    mut bytes: Cursor<'_>,
    object: &mut Map<String, Value>,
    depth: u32,
) -> Result<(), Unreadable> {
    if depth > DEPTH_MAX {
        return Err("recursion limit reached".into());
    }
    let mut next = 0;
    while !bytes.0.is_empty() {
        let (number, wire) = bytes.key()?;
        // Fields mostly come in the order of the message.
        let ahead = message.fields.iter().skip(next).position(|field| field.number == number).map(|i| i + next);
        let place = ahead.or_else(|| message.fields.iter().position(|field| field.number == number));
        let Some(field) = place.and_then(|place| message.fields.get(place)) else {
            bytes.skip(number, wire, depth)?;
            continue;
        };
        next = place.unwrap_or_default();
        let read = if field.repeated {
            read_items(field, wire, &mut bytes, object, depth)
        } else {
            read_one(field, wire, &mut bytes, object, depth)
        };
        read.map_err(|why| why.within(message, field))?;
        if let Some(of) = field.oneof {
            // Of alternatives the last one counts.
            let others = message.fields.iter().filter(|other| other.oneof == Some(of) && other.number != field.number);
            others.for_each(|other| drop(object.remove(other.name)));
        }
    }
    Ok(())
}

fn read_items(
    field: &'static Field,
    wire: u64,
    bytes: &mut Cursor<'_>,
    object: &mut Map<String, Value>,
    depth: u32,
) -> Result<(), Unreadable> {
    let Value::Array(items) = object.entry(field.name).or_insert_with(|| Value::Array(Vec::new())) else {
        return Err(BAD_TYPE.into());
    };
    let packs = matches!(field.holds, Holds::Bool | Holds::Int | Holds::Long | Holds::Number | Holds::Word(_));
    if wire == 2 && packs {
        let mut packed = Cursor(bytes.part()?);
        while !packed.0.is_empty() {
            items.push(scalar(field, &mut packed)?);
        }
        return Ok(());
    }
    items.push(value(field, wire, bytes, None, depth)?);
    Ok(())
}

fn read_one(
    field: &'static Field,
    wire: u64,
    bytes: &mut Cursor<'_>,
    object: &mut Map<String, Value>,
    depth: u32,
) -> Result<(), Unreadable> {
    if matches!(field.holds, Holds::Bytes) {
        return if wire == 2 { bytes.part().map(drop) } else { Err(BAD_TYPE.into()) };
    }
    let before = object.remove(field.name);
    let value = value(field, wire, bytes, before, depth)?;
    if field.presence || !is_default(field.holds, &value) {
        object.insert(field.name.to_owned(), value);
    }
    Ok(())
}

/// A value; one that is a message is merged into what came before.
fn value(
    field: &'static Field,
    wire: u64,
    bytes: &mut Cursor<'_>,
    before: Option<Value>,
    depth: u32,
) -> Result<Value, Unreadable> {
    let object = |before| match before {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    match (field.holds, wire) {
        (Holds::Text, 2) => text(bytes.part()?).map(Value::String),
        (Holds::Instant, 2) => instant(bytes.part()?, before.as_ref()),
        (Holds::Object(message), 2) => {
            let mut object = object(before);
            read_fields(message, Cursor(bytes.part()?), &mut object, depth + 1)?;
            Ok(Value::Object(object))
        }
        (Holds::Map, 2) => {
            let mut object = object(before);
            let (key, text) = map_entry(Cursor(bytes.part()?), depth)?;
            object.insert(key, Value::String(text));
            Ok(Value::Object(object))
        }
        (Holds::Bool | Holds::Int | Holds::Long | Holds::Word(_), 0) | (Holds::Number, 1) => scalar(field, bytes),
        _ => Err(BAD_TYPE.into()),
    }
}

fn map_entry(mut entry: Cursor<'_>, depth: u32) -> Result<(String, String), Unreadable> {
    let (mut key, mut member) = (String::new(), String::new());
    while !entry.0.is_empty() {
        match entry.key()? {
            (1, 2) => key = text(entry.part()?)?,
            (2, 2) => member = text(entry.part()?)?,
            (1 | 2, _) => return Err(BAD_TYPE.into()),
            (number, wire) => entry.skip(number, wire, depth)?,
        }
    }
    Ok((key, member))
}

fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| "invalid string value: data is not UTF-8 encoded")?;
    Ok(text.to_owned())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as protobuf defines it")]
fn scalar(field: &'static Field, bytes: &mut Cursor<'_>) -> Result<Value, Unreadable> {
    Ok(match field.holds {
        Holds::Bool => Value::Bool(bytes.varint()? != 0),
        Holds::Int => Value::from(bytes.varint()? as i32),
        Holds::Long => Value::String((bytes.varint()? as i64).to_string()),
        // A number that the contract does not know stays a number: no field of words takes it.
        Holds::Word(words) => {
            let number = bytes.varint()? as i32;
            let word = words.iter().find(|(_, known)| *known == number);
            Value::String(word.map_or_else(|| number.to_string(), |(word, _)| (*word).to_owned()))
        }
        Holds::Number => {
            let bytes: [u8; 8] = bytes.take(8)?.try_into().map_err(|_| TRUNCATED)?;
            let number = f64::from_le_bytes(bytes);
            // JSON has no NaN and no infinity: they stay texts, which no field of numbers takes.
            Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        _ => return Err(BAD_TYPE.into()),
    })
}

/// Seconds and nanoseconds, merged into those that came before.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as protobuf defines it")]
fn instant(bytes: &[u8], before: Option<&Value>) -> Result<Value, Unreadable> {
    let (mut seconds, mut nanos) = before.and_then(Value::as_str).map(parts_of_instant).unwrap_or_default();
    let mut bytes = Cursor(bytes);
    while !bytes.0.is_empty() {
        match bytes.key()? {
            (1, 0) => seconds = bytes.varint()? as i64,
            (2, 0) => nanos = bytes.varint()? as i32,
            (1 | 2, _) => return Err(BAD_TYPE.into()),
            (number, wire) => bytes.skip(number, wire, 0)?,
        }
    }
    let exact = (0..1_000_000_000).contains(&nanos) && nanos % 1_000 == 0;
    let micros = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)));
    let text = micros.filter(|_| exact).map(|micros| Instant::from_micros(micros).to_string());
    let text = text.filter(|text| Instant::parse(text).is_some());
    Ok(Value::String(text.unwrap_or_else(|| format!("{seconds} s {nanos} ns"))))
}

/// What [`instant`] has made a text of.
fn parts_of_instant(text: &str) -> (i64, i32) {
    if let Some(instant) = Instant::parse(text) {
        let micros = instant.micros();
        let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
        return (micros.div_euclid(1_000_000), nanos);
    }
    let mut numbers = text.split(' ').step_by(2);
    let mut next = || numbers.next().unwrap_or_default();
    (next().parse().unwrap_or_default(), next().parse().unwrap_or_default())
}

fn is_default(holds: Holds, value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || (text == "0" && matches!(holds, Holds::Long | Holds::Word(_))),
        Value::Bool(is) => !is,
        // Minus zero is no default.
        Value::Number(number) => number.as_f64().is_some_and(|number| number.to_bits() == 0),
        Value::Object(object) => object.is_empty(),
        Value::Array(_) | Value::Null => false,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
