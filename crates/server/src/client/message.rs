//! Resources of any kind as messages of the contract, by its field tables, out of the JSON of REST.

use prost::encoding::{self, WireType, encode_key, encode_varint};
use serde_json::{Map, Value};
use steerco_domain::Fault;
use steerco_domain::input::{pointer_part, unknown_name};
use steerco_domain::time::Instant;
use steerco_proto::table::{Field, Holds, Message};

/// A resource as it is sent.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// The fields it sets or clears.
    pub(crate) fields: Vec<String>,
}

/// The fields of a resource, null being cleared; or every fault in them.
pub(crate) fn encode(of: &Message, fields: &Map<String, Value>) -> Result<Encoded, Vec<Fault>> {
    let mut writer = Writer::default();
    let bytes = writer.message(of, fields, "");
    if !writer.faults.is_empty() {
        return Err(writer.faults);
    }
    let mut names = Vec::new();
    for (name, value) in fields {
        match value.as_object().filter(|_| name == "labels") {
            // Labels are merged, each by its name.
            Some(labels) => names.extend(labels.keys().map(|key| format!("labels.{key}"))),
            None => names.push(name.clone()),
        }
    }
    Ok(Encoded { bytes, fields: names })
}

/// Writes messages and gathers what is wrong with them.
#[derive(Default)]
struct Writer {
    faults: Vec<Fault>,
}

impl Writer {
    fn message(&mut self, of: &Message, object: &Map<String, Value>, at: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in object {
            let pointer = format!("{at}/{}", pointer_part(name));
            match of.field(name) {
                Some(_) if value.is_null() => {}
                Some(field) => self.field(field, value, &pointer, &mut out),
                None => {
                    let known: Vec<&str> = of.fields.iter().map(|field| field.name).collect();
                    self.faults.push(Fault::new(pointer, "UNKNOWN_FIELD", unknown_name(name, &known)));
                }
            }
        }
        out
    }

    fn field(&mut self, field: &Field, value: &Value, at: &str, out: &mut Vec<u8>) {
        if !field.repeated {
            return self.single(field, value, at, out);
        }
        let Some(items) = value.as_array() else { return self.wrong("an array", at) };
        items.iter().enumerate().for_each(|(i, item)| self.single(field, item, &format!("{at}/{i}"), out));
    }

    fn single(&mut self, field: &Field, value: &Value, at: &str, out: &mut Vec<u8>) {
        let number = field.number;
        let (written, wanted) = match field.holds {
            Holds::Text => {
                (value.as_str().map(|text| encoding::string::encode(number, &text.to_owned(), out)), "a string")
            }
            Holds::Bool => (value.as_bool().map(|flag| encoding::bool::encode(number, &flag, out)), "true or false"),
            Holds::Number => (value.as_f64().map(|it| encoding::double::encode(number, &it, out)), "a number"),
            Holds::Int => {
                let int = value.as_i64().and_then(|int| i32::try_from(int).ok());
                (int.map(|int| encoding::int32::encode(number, &int, out)), "a whole number")
            }
            Holds::Long => {
                (long(value).map(|it| encoding::int64::encode(number, &it, out)), "a whole number, as a string")
            }
            Holds::Instant => {
                let instant = value.as_str().and_then(Instant::parse);
                (
                    instant.map(|instant| put(number, &timestamp(instant), out)),
                    "an instant, such as 2026-01-31T12:00:00Z",
                )
            }
            Holds::Word(words) => return self.word(number, words, value, at, out),
            Holds::Map => return self.map(number, value, at, out),
            Holds::Object(of) => {
                let message = value.as_object().map(|object| self.message(of, object, at));
                (message.map(|message| put(number, &message, out)), "an object")
            }
            Holds::Bytes | Holds::Json => (None, "set over REST"),
        };
        if written.is_none() {
            self.wrong(wanted, at);
        }
    }

    fn map(&mut self, number: u32, value: &Value, at: &str, out: &mut Vec<u8>) {
        let Some(object) = value.as_object() else { return self.wrong("an object", at) };
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let Some(text) = value.as_str() else { return self.wrong("an object of strings", at) };
            let mut entry = Vec::new();
            encoding::string::encode(1, key, &mut entry);
            encoding::string::encode(2, &text.to_owned(), &mut entry);
            put(number, &entry, out);
        }
    }

    fn word(&mut self, number: u32, words: &[(&str, i32)], value: &Value, at: &str, out: &mut Vec<u8>) {
        let Some(text) = value.as_str() else { return self.wrong("a string", at) };
        if let Some((_, word)) = words.iter().find(|(word, _)| *word == text) {
            encoding::int32::encode(number, word, out);
        } else {
            let choices: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let detail = format!("must be one of: {}", choices.join(", "));
            self.faults.push(Fault::new(at, "UNKNOWN_WORD", detail));
        }
    }

    fn wrong(&mut self, wanted: &str, at: &str) {
        self.faults.push(Fault::new(at, "WRONG_TYPE", format!("must be {wanted}")));
    }
}

/// Puts a message into a field.
fn put(number: u32, message: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(message.len() as u64, out);
    out.extend_from_slice(message);
}

fn long(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A `google.protobuf.Timestamp`.
fn timestamp(instant: Instant) -> Vec<u8> {
    let (micros, mut out) = (instant.micros(), Vec::new());
    encoding::int64::encode(1, &micros.div_euclid(1_000_000), &mut out);
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    encoding::int32::encode(2, &nanos, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use serde_json::json;
    use steerco_client::v1::{Deliverable, EarningRule};
    use steerco_proto::table::message;

    #[test]
    fn fields_are_those_of_the_contract() {
        let fields = json!({
            "title": "Pumps", "weight": 3, "earning_rule": "fifty_fifty", "percent_complete": 0.5, "description": null,
            "labels": {"area": "east"}, "effective_at": "2026-01-31T12:00:00.000001Z",
            "acceptance_criteria": [{"key": "a", "text": "It runs"}],
        });
        let encoded = encode(message("Deliverable"), fields.as_object().unwrap()).unwrap();
        let read = Deliverable::decode(&*encoded.bytes).unwrap();
        assert_eq!((read.title.as_str(), read.weight, read.percent_complete), ("Pumps", Some(3), Some(0.5)));
        assert_eq!((read.earning_rule(), read.description), (EarningRule::FiftyFifty, None));
        assert_eq!((read.labels["area"].as_str(), read.acceptance_criteria[0].text.as_str()), ("east", "It runs"));
        assert_eq!(read.effective_at.unwrap(), prost_types::Timestamp { seconds: 1_769_860_800, nanos: 1_000 });
        assert!(["description", "labels.area", "title"].iter().all(|name| encoded.fields.iter().any(|f| f == name)));
    }

    #[test]
    fn every_fault_is_named() {
        let fields = json!({"titel": "Pumps", "weight": "3", "earning_rule": "half", "labels": [],
                            "acceptance_criteria": [{"key": 1}]});
        let Err(faults) = encode(message("Deliverable"), fields.as_object().unwrap()) else { panic!("it is wrong") };
        let told: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_ref())).collect();
        assert_eq!(
            told,
            [
                ("/acceptance_criteria/0/key", "WRONG_TYPE"),
                ("/earning_rule", "UNKNOWN_WORD"),
                ("/labels", "WRONG_TYPE"),
                ("/titel", "UNKNOWN_FIELD"),
                ("/weight", "WRONG_TYPE"),
            ]
        );
    }
}
