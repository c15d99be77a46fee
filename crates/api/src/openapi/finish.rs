//! The last step: from utoipa's document to the JSON that is checked in.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The document as JSON, the members of every object in order. Utoipa keeps media types as they were added and
/// extensions as they fall, and `serde_json` keeps either order or not, depending on what else is in the build.
pub(super) fn json(document: &OpenApi) -> Value {
    serde_json::to_value(document).map(sorted).unwrap_or_default()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let members: BTreeMap<String, Value> = object.into_iter().map(|(name, v)| (name, sorted(v))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
