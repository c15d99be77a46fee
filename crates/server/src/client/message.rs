//! Resources of any kind as messages of the contract, by its descriptors, out of the JSON of REST.

use prost::Message;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Pb};
use serde_json::{Map, Value};
use steerco_domain::Fault;
use steerco_domain::input::{pointer_part, unknown_name};
use steerco_domain::time::Instant;

/// A resource as it is sent.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// The fields it sets or clears.
    pub(crate) fields: Vec<String>,
}

/// The fields of a resource, null being cleared; or every fault in them.
pub(crate) fn encode(of: &MessageDescriptor, fields: &Map<String, Value>) -> Result<Encoded, Vec<Fault>> {
    let mut faults = Vec::new();
    let message = message(of, fields, "", &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut names = Vec::new();
    for (name, value) in fields {
        match value.as_object().filter(|_| name == "labels") {
            // Labels are merged, each by its name.
            Some(labels) => names.extend(labels.keys().map(|key| format!("labels.{key}"))),
            None => names.push(name.clone()),
        }
    }
    Ok(Encoded { bytes: message.encode_to_vec(), fields: names })
}

fn message(of: &MessageDescriptor, object: &Map<String, Value>, at: &str, faults: &mut Vec<Fault>) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for (name, value) in object {
        let pointer = format!("{at}/{}", pointer_part(name));
        let Some(field) = of.get_field_by_name(name) else {
            let fields: Vec<_> = of.fields().collect();
            let known: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
            faults.push(Fault::new(pointer, "UNKNOWN_FIELD", unknown_name(name, &known)));
            continue;
        };
        let read = if value.is_null() { None } else { read(&field, value, &pointer, faults) };
        if let Some(value) = read {
            message.set_field(&field, value);
        }
    }
    message
}

fn read(field: &FieldDescriptor, value: &Value, at: &str, faults: &mut Vec<Fault>) -> Option<Pb> {
    if field.is_map() {
        let Some(object) = value.as_object() else { return wrong("an object", at, faults) };
        let mut map = std::collections::HashMap::new();
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let Some(text) = value.as_str() else { return wrong("an object of strings", at, faults) };
            map.insert(MapKey::String(key.clone()), Pb::String(text.to_owned()));
        }
        return Some(Pb::Map(map));
    }
    if field.is_list() {
        let Some(items) = value.as_array() else { return wrong("an array", at, faults) };
        let items = items.iter().enumerate();
        let items: Vec<Option<Pb>> = items.map(|(i, item)| single(field, item, &format!("{at}/{i}"), faults)).collect();
        return items.into_iter().collect::<Option<Vec<Pb>>>().map(Pb::List);
    }
    single(field, value, at, faults)
}

fn single(field: &FieldDescriptor, value: &Value, at: &str, faults: &mut Vec<Fault>) -> Option<Pb> {
    let (read, wanted) = match field.kind() {
        Kind::String => (value.as_str().map(|text| Pb::String(text.to_owned())), "a string"),
        Kind::Bool => (value.as_bool().map(Pb::Bool), "true or false"),
        Kind::Double => (value.as_f64().map(Pb::F64), "a number"),
        Kind::Int32 => (value.as_i64().and_then(|int| i32::try_from(int).ok()).map(Pb::I32), "a whole number"),
        Kind::Int64 => (long(value).map(Pb::I64), "a whole number, as a string"),
        Kind::Enum(words) => return word(&words, value, at, faults),
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
            (instant(&of, value).map(Pb::Message), "an instant, such as 2026-01-31T12:00:00Z")
        }
        Kind::Message(of) => match value.as_object() {
            Some(object) => return Some(Pb::Message(message(&of, object, at, faults))),
            None => (None, "an object"),
        },
        _ => (None, "set over REST"),
    };
    read.or_else(|| wrong(wanted, at, faults))
}

fn wrong<T>(wanted: &str, at: &str, faults: &mut Vec<Fault>) -> Option<T> {
    faults.push(Fault::new(at, "WRONG_TYPE", format!("must be {wanted}")));
    None
}

fn long(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn instant(of: &MessageDescriptor, value: &Value) -> Option<DynamicMessage> {
    let micros = Instant::parse(value.as_str()?)?.micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).ok()?;
    let mut message = DynamicMessage::new(of.clone());
    message.set_field_by_name("seconds", Pb::I64(micros.div_euclid(1_000_000)));
    message.set_field_by_name("nanos", Pb::I32(nanos));
    Some(message)
}

/// `zero_hundred` is `EARNING_RULE_ZERO_HUNDRED`.
fn word(words: &EnumDescriptor, value: &Value, at: &str, faults: &mut Vec<Fault>) -> Option<Pb> {
    let Some(text) = value.as_str() else { return wrong("a string", at, faults) };
    let none = words.get_value(0).map(|value| value.name().to_owned()).unwrap_or_default();
    let begin = none.strip_suffix("UNSPECIFIED").unwrap_or(&none);
    let plain = |value: &prost_reflect::EnumValueDescriptor| {
        value.name().strip_prefix(begin).unwrap_or(value.name()).to_ascii_lowercase()
    };
    let known: Vec<_> = words.values().filter(|value| value.number() != 0).collect();
    let found = known.iter().find(|value| plain(value) == text);
    if found.is_none() {
        let choices: Vec<String> = known.iter().map(plain).collect();
        faults.push(Fault::new(at, "UNKNOWN_WORD", format!("must be one of: {}", choices.join(", "))));
    }
    found.map(|value| Pb::EnumNumber(value.number()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use steerco_client::v1::{Deliverable, EarningRule};

    fn descriptor() -> MessageDescriptor {
        let pool = prost_reflect::DescriptorPool::decode(steerco_proto::FILE_DESCRIPTOR_SET).unwrap();
        pool.get_message_by_name("steerco.v1.Deliverable").unwrap()
    }

    #[test]
    fn fields_are_those_of_the_contract() {
        let fields = json!({
            "title": "Pumps", "weight": 3, "earning_rule": "fifty_fifty", "percent_complete": 0.5, "description": null,
            "labels": {"area": "east"}, "effective_at": "2026-01-31T12:00:00.000001Z",
            "acceptance_criteria": [{"key": "a", "text": "It runs"}],
        });
        let encoded = encode(&descriptor(), fields.as_object().unwrap()).unwrap();
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
        let Err(faults) = encode(&descriptor(), fields.as_object().unwrap()) else { panic!("it is wrong") };
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
