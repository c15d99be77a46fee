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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use steerco_domain::Resource;
    use steerco_domain::risk::Risk;

    use super::*;

    fn patched(paths: &[&str]) -> Result<Value, Error> {
        let given = json!({
            "revision": 4, "state": "assessed", "kind": "threat", "title": "Flood", "labels": {"a": "1", "b.c": "2"},
        });
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        masked(Risk::KIND, given.as_object().unwrap().clone(), &paths).map(Value::Object)
    }

    #[test]
    fn without_a_mask_what_is_set_and_may_be_set_counts() {
        let whole = json!({"title": "Flood", "kind": "threat", "labels": {"a": "1", "b.c": "2"}});
        assert_eq!(patched(&[]).unwrap(), whole);
    }

    #[test]
    fn a_mask_clears_what_is_not_set() {
        let patch = patched(&["title", "cause", "labels.a", "labels.z", "labels.b.c"]).unwrap();
        assert_eq!(patch, json!({"title": "Flood", "cause": null, "labels": {"a": "1", "z": null, "b.c": "2"}}));
        assert_eq!(patched(&["labels", "labels.z"]).unwrap(), json!({"labels": {"a": "1", "b.c": "2", "z": null}}));
        let paths = ["labels".to_owned(), "labels.z".to_owned()];
        let cleared = masked(Risk::KIND, Map::new(), &paths).unwrap();
        assert_eq!(Value::Object(cleared), json!({"labels": null}));
    }

    #[test]
    fn a_mask_does_not_hide_what_only_the_service_sets() {
        assert_eq!(patched(&["state", "id"]).unwrap(), json!({"state": "assessed", "id": null}));
    }

    #[test]
    fn every_wrong_path_is_named() {
        let error = patched(&["titel", "*", "cost_low.amount", "", ".", "title."]).unwrap_err();
        assert!(error.faults.iter().all(|fault| fault.pointer == "/update_mask" && fault.code == "UNKNOWN_FIELD"));
        assert_eq!(error.faults.len(), 6);
        assert!(error.faults[0].detail.contains("did you mean title"), "{}", error.faults[0].detail);
        assert_eq!(patched(&["x"; PATHS_MAX + 1]).unwrap_err().faults.len(), 1);
    }
}
