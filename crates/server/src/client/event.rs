//! Events of gRPC in the words of REST.

use prost_types::value::Kind;
use serde_json::{Map, Value, json};
use steerco_client::v1::Event;
use steerco_domain::time::Instant;

/// The event as `GET /v1/events` has it.
pub(crate) fn json(event: &Event) -> Value {
    let mut json = json!({
        "id": event.id, "cursor": event.cursor, "at": at(event), "actor": event.actor, "operation": event.operation,
        "kind": event.kind, "resource_id": event.resource_id, "changed": event.changed, "deleted": event.deleted,
        "request_id": event.request_id,
    });
    let optional = [
        ("seq", event.seq.map(|seq| json!(seq.to_string()))),
        ("revision", event.revision.map(Value::from)),
        ("after", event.after.as_ref().map(object)),
        ("visibility", event.visibility.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            json[name] = value;
        }
    }
    json
}

/// The event as a person reads it.
pub(crate) fn line(event: &Event) -> String {
    let Event { operation, resource_id, actor, visibility, .. } = event;
    let mut line = format!("{}  {operation:<28}  {resource_id}  {actor}  {}", at(event), event.changed.join(","));
    if let Some(visibility) = visibility {
        line.push_str("  visibility ");
        line.push_str(visibility);
    }
    line.trim_end().to_owned()
}

fn at(event: &Event) -> String {
    let micros = |at: &prost_types::Timestamp| at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000;
    event.at.as_ref().map(|at| Instant::from_micros(micros(at)).to_string()).unwrap_or_default()
}

fn object(of: &prost_types::Struct) -> Value {
    Value::Object(of.fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>())
}

fn plain(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(bool)) => json!(bool),
        Some(Kind::NumberValue(number)) => whole(*number),
        Some(Kind::StringValue(text)) => json!(text),
        Some(Kind::ListValue(list)) => Value::Array(list.values.iter().map(plain).collect()),
        Some(Kind::StructValue(of)) => object(of),
    }
}

/// A number as JSON has it: whole ones without a point.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_over_rest() {
        let number = |number| prost_types::Value { kind: Some(Kind::NumberValue(number)) };
        let fields = [("revision".to_owned(), number(2.0)), ("probability".to_owned(), number(0.25))];
        let event = Event {
            at: Some(prost_types::Timestamp { seconds: 1_462_060_800, nanos: 5_000 }),
            operation: "risk.assess".into(),
            resource_id: "risk_1".into(),
            actor: "pers_1".into(),
            seq: Some(7),
            changed: vec!["probability".into(), "state".into()],
            after: Some(prost_types::Struct { fields: fields.into() }),
            ..Event::default()
        };
        let json = json(&event);
        assert_eq!((&json["at"], &json["seq"]), (&json!("2016-05-01T00:00:00.000005Z"), &json!("7")));
        assert_eq!(json["after"], json!({"revision": 2, "probability": 0.25}));
        assert!(json.get("visibility").is_none() && json["deleted"] == false);
        assert!(line(&event).ends_with("risk_1  pers_1  probability,state"), "{}", line(&event));
    }
}
