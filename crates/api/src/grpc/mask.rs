//! Update masks: which fields of a message a write sets.

use serde_json::{Map, Value};
use steerco_domain::field::{FieldSpec, Setter, Shape};
use steerco_domain::input::unknown_name;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Fault};

/// Paths an update mask may have, far more than any resource has fields.
const PATHS_MAX: usize = 256;

/// Without a mask, all fields set but those that only the service sets, so that a resource just read can be sent back
/// changed. With one, the fields it names, null where they are not set; what may not be named is for the domain to say.
pub(super) fn masked(
    kind: &'static Kind,
    mut given: Map<String, Value>,
    paths: &[String],
) -> Result<Map<String, Value>, Error> {
    if paths.is_empty() {
        given.retain(|name, _| kind.field(name).is_some_and(is_settable));
        return Ok(given);
    }
    if paths.len() > PATHS_MAX {
        return Err(Error::fault("/update_mask", "TOO_MANY", format!("at most {PATHS_MAX} paths")));
    }
    let mut patch = Map::new();
    let faults: Vec<Fault> = paths.iter().filter_map(|path| add_path(kind, &given, &mut patch, path)).collect();
    if faults.is_empty() { Ok(patch) } else { Err(Error::invalid(faults)) }
}

/// Whether callers set this field, if only when they create.
fn is_settable(field: &FieldSpec) -> bool {
    field.setter != Setter::System
}

fn add_path(
    kind: &'static Kind,
    given: &Map<String, Value>,
    patch: &mut Map<String, Value>,
    named: &str,
) -> Option<Fault> {
    let fault = |code, detail: String| Some(Fault::new("/update_mask", code, detail));
    if named == "*" {
        return fault(
            "UNKNOWN_FIELD",
            "\"*\" is not known here; name the fields, or none for all that are set".to_owned(),
        );
    }
    let (name, key) = named.split_once('.').map_or((named, None), |(name, key)| (name, Some(key)));
    let Some(field) = kind.field(name) else {
        let known: Vec<&str> = kind.fields.iter().filter(|field| is_settable(field)).map(|field| field.name).collect();
        return fault("UNKNOWN_FIELD", unknown_name(name, &known));
    };
    let is_map = matches!((field.shape)(), Shape::Map { .. });
    match (key, given.get(name)) {
        (Some(_), _) if !is_map => fault("UNKNOWN_FIELD", format!("{name} is set as a whole")),
        (Some(key), members) => {
            let value = members.and_then(|members| members.get(key)).cloned().unwrap_or(Value::Null);
            merge_members(patch, name, Map::from_iter([(key.to_owned(), value)]));
            None
        }
        (None, Some(Value::Object(members))) if is_map => {
            merge_members(patch, name, members.clone());
            None
        }
        (None, value) => {
            patch.insert(name.to_owned(), value.cloned().unwrap_or(Value::Null));
            None
        }
    }
}

/// Adds members of a map to the patch, beside those named before. A map that is cleared stays so.
fn merge_members(patch: &mut Map<String, Value>, name: &str, members: Map<String, Value>) {
    if let Value::Object(all) = patch.entry(name).or_insert_with(|| Value::Object(Map::new())) {
        all.extend(members);
    }
}
