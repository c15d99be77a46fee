//! The catalogue of events: each type with the JSON schema of what it says, cut out of the OpenAPI document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use steerco_domain::Error;
use steerco_domain::event_type::{EventType, find_event_type};

const COMPONENTS: &str = "#/components/schemas/";

static SCHEMAS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| match crate::openapi::document()["components"]["schemas"].take() {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    });

/// The type of this name.
pub(crate) fn find(name: &str) -> Result<EventType, Error> {
    find_event_type(name).ok_or_else(|| Error::not_found("type of event; /v1/event-types lists all of them"))
}

/// The schema (JSON Schema 2020-12) of an event of this type: `data` of a webhook, `data` in a stream, an item of a page.
pub(crate) fn schema(base_url: &str, ty: &EventType) -> Value {
    let mut event = SCHEMAS.get("Event").cloned().unwrap_or_default();
    event["properties"]["operation"] = json!({"const": ty.name(), "description": ty.doc()});
    event["properties"]["kind"] = json!({"const": ty.kind.name});
    event["properties"]["after"] = json!({"$ref": format!("{COMPONENTS}{}", ty.kind.title)});
    let mut defs = BTreeMap::new();
    rebase(&mut event, &mut defs);
    event["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    event["$id"] = json!(format!("{base_url}/v1/event-types/{}", ty.name()));
    event["title"] = json!(ty.name());
    event["$defs"] = json!(defs);
    event
}

/// Lets references lead into the schema itself, and gathers what they lead to.
fn rebase(value: &mut Value, defs: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(COMPONENTS).map(str::to_owned)
            {
                *reference = format!("#/$defs/{name}");
                if let (false, Some(schema)) = (defs.contains_key(&name), SCHEMAS.get(&name)) {
                    // Noted first: a schema may lead back to itself.
                    defs.insert(name.clone(), Value::Null);
                    let mut schema = schema.clone();
                    rebase(&mut schema, defs);
                    defs.insert(name, schema);
                }
            }
            members.values_mut().for_each(|member| rebase(member, defs));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rebase(item, defs)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steerco_domain::event_type::event_types;

    #[test]
    fn every_type_has_a_schema_that_stands_alone() {
        for ty in event_types() {
            let schema = schema("https://steerco.example", &ty);
            assert!(schema["$defs"][ty.kind.title]["properties"]["id"].is_object(), "{}", ty.name());
            assert!(!schema.to_string().contains(COMPONENTS), "{}", ty.name());
        }
        assert!(find("risk.assess").is_ok() && find("risk.read").is_err());
    }
}
