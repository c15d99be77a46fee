//! JSON in the words of REST to protobuf messages and back, by the descriptors alone.

use bytes::{Buf, BufMut};
use jiff::Timestamp;
use prost::Message;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value as Pb,
};
use serde_json::{Map, Value, json};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// A tonic codec for messages known by descriptor.
#[derive(Clone)]
pub(crate) struct Dynamic(pub(crate) MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }
    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item.encode_to_vec());
        Ok(())
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        let message = DynamicMessage::decode(self.0.clone(), bytes).expect("a message as described");
        assert!(message.unknown_fields().next().is_none(), "{}: unknown fields", self.0.full_name());
        Ok(Some(message))
    }
}

/// A message of this JSON. Null is absent. What the message cannot say fails the test.
pub fn message(descriptor: &MessageDescriptor, json: &Value) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    let object = json.as_object().unwrap_or_else(|| panic!("{} of {json}", descriptor.full_name()));
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let field = descriptor.get_field_by_name(name);
        let field = field.unwrap_or_else(|| panic!("{} has no {name}: say it over REST", descriptor.full_name()));
        message.set_field(&field, field_value(&field, value));
    }
    message
}

fn field_value(field: &FieldDescriptor, value: &Value) -> Pb {
    if field.is_map() {
        let text = |value: &Value| Pb::String(value.as_str().unwrap_or_else(|| cannot(field, value)).to_owned());
        let object = value.as_object().unwrap_or_else(|| cannot(field, value));
        return Pb::Map(object.iter().map(|(key, value)| (MapKey::String(key.clone()), text(value))).collect());
    }
    if field.is_list() {
        let items = value.as_array().unwrap_or_else(|| cannot(field, value));
        return Pb::List(items.iter().map(|item| single(field, item)).collect());
    }
    single(field, value)
}

fn cannot<T>(field: &FieldDescriptor, value: &Value) -> T {
    panic!("{} cannot be {value}: say it over REST", field.full_name())
}

fn single(field: &FieldDescriptor, value: &Value) -> Pb {
    let whole = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let found = match field.kind() {
        Kind::String => value.as_str().map(|text| Pb::String(text.to_owned())),
        Kind::Bool => value.as_bool().map(Pb::Bool),
        Kind::Double => value.as_f64().map(Pb::F64),
        Kind::Int32 => whole(value).and_then(|int| i32::try_from(int).ok()).map(Pb::I32),
        Kind::Int64 => whole(value).map(Pb::I64),
        // A number is one that no word has.
        Kind::Enum(words) => match value.as_str() {
            Some(word) => number(&words, word).map(Pb::EnumNumber),
            None => value.as_i64().and_then(|number| i32::try_from(number).ok()).map(Pb::EnumNumber),
        },
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
            value.as_str().and_then(|text| timestamp(&of, text)).map(Pb::Message)
        }
        Kind::Message(of) => value.is_object().then(|| Pb::Message(message(&of, value))),
        other => panic!("{other:?} is not in the contract"),
    };
    found.unwrap_or_else(|| cannot(field, value))
}

/// `RiskState` → `RISK_STATE_`.
fn prefix(words: &EnumDescriptor) -> String {
    let mut prefix = String::new();
    for (i, letter) in words.name().char_indices() {
        if i > 0 && letter.is_uppercase() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix + "_"
}

fn number(words: &EnumDescriptor, word: &str) -> Option<i32> {
    let name = prefix(words) + &word.to_ascii_uppercase();
    words.get_value_by_name(&name).map(|value| value.number())
}

fn word(words: &EnumDescriptor, number: i32) -> Option<String> {
    let value = words.get_value(number).filter(|value| value.number() != 0)?;
    let name = value.name().strip_prefix(&prefix(words)).expect("values begin with the name of their enum");
    Some(name.to_ascii_lowercase())
}

fn timestamp(descriptor: &MessageDescriptor, text: &str) -> Option<DynamicMessage> {
    let at: Timestamp = text.parse().ok()?;
    let nanos = i32::try_from(at.as_nanosecond().rem_euclid(1_000_000_000)).ok()?;
    let seconds = i64::try_from(at.as_nanosecond().div_euclid(1_000_000_000)).ok()?;
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_name("seconds", Pb::I64(seconds));
    message.set_field_by_name("nanos", Pb::I32(nanos));
    Some(message)
}

/// A message as the JSON that REST answers: what has presence and is absent stays away, and so do the empty texts of
/// what the service always sets, which is how a trimmed answer looks.
pub(crate) fn json(message: &DynamicMessage) -> Value {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => return instant(message),
        "google.protobuf.Struct" => return structure(message),
        _ => {}
    }
    let mut object = Map::new();
    for field in message.descriptor().fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        if let Some(value) = field_json(&field, &message.get_field(&field)) {
            object.insert(field.name().to_owned(), value);
        }
    }
    Value::Object(object)
}

fn field_json(field: &FieldDescriptor, value: &Pb) -> Option<Value> {
    Some(match value {
        Pb::Map(entries) => {
            let entry = |(key, value): (&MapKey, &Pb)| {
                (key.as_str().expect("text").to_owned(), field_json(field, value).unwrap_or_default())
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        Pb::List(items) => Value::Array(items.iter().filter_map(|item| field_json(field, item)).collect()),
        Pb::String(text) => json!(text),
        Pb::Bool(bool) => json!(bool),
        Pb::F64(number) => float(*number),
        Pb::I32(int) => json!(int),
        Pb::I64(int) => json!(int.to_string()),
        Pb::EnumNumber(number) => {
            let Kind::Enum(words) = field.kind() else { panic!("{} is no enum", field.full_name()) };
            json!(word(&words, *number)?)
        }
        Pb::Message(message) => json(message),
        other => panic!("{other:?} is not in the contract"),
    })
}

/// A number as JSON has it: whole ones without a point.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn float(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

fn instant(message: &DynamicMessage) -> Value {
    let number = |name: &str| match message.get_field_by_name(name).as_deref() {
        Some(Pb::I64(seconds)) => i128::from(*seconds),
        Some(Pb::I32(nanos)) => i128::from(*nanos),
        other => panic!("{name}: {other:?}"),
    };
    let at = Timestamp::from_nanosecond(number("seconds") * 1_000_000_000 + number("nanos")).expect("an instant");
    json!(format!("{at:.6}"))
}

fn structure(message: &DynamicMessage) -> Value {
    let Some(fields) = message.get_field_by_name("fields") else { panic!("a struct has fields") };
    let entry = |(key, value): (&MapKey, &Pb)| {
        (key.as_str().expect("text").to_owned(), dynamic(value.as_message().expect("a value")))
    };
    Value::Object(fields.as_map().expect("a map").iter().map(entry).collect())
}

/// `google.protobuf.Value`.
fn dynamic(message: &DynamicMessage) -> Value {
    let set = message.descriptor().fields().find(|field| message.has_field(field)).expect("a kind of value");
    match &*message.get_field(&set) {
        Pb::EnumNumber(_) => Value::Null,
        Pb::Bool(bool) => json!(bool),
        Pb::F64(number) => float(*number),
        Pb::String(text) => json!(text),
        Pb::Message(inner) if set.name() == "struct_value" => structure(inner),
        Pb::Message(inner) => {
            let values = inner.get_field_by_name("values").expect("a list has values");
            let items = values.as_list().expect("a list").iter();
            Value::Array(items.map(|item| dynamic(item.as_message().expect("a value"))).collect())
        }
        other => panic!("{other:?} in a struct"),
    }
}
