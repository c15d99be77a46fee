use serde_json::json;
use steerco_domain::risk::Risk;

use super::*;

fn paths(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
}

fn risk() -> pb::Risk {
    pb::Risk {
        id: "risk_1".to_owned(),
        revision: 4,
        state: pb::RiskState::Assessed.into(),
        kind: pb::RiskKind::Threat.into(),
        title: "Flood".to_owned(),
        labels: [("a".to_owned(), "1".to_owned()), ("b.c".to_owned(), "2".to_owned())].into(),
        ..pb::Risk::default()
    }
}

fn patched(mask: Option<FieldMask>) -> Result<Value, Error> {
    patch::<Risk>(Some(risk()), mask).map(|(id, patch)| {
        assert_eq!(id, "risk_1");
        Value::Object(patch)
    })
}

#[test]
fn without_a_mask_what_is_set_and_may_be_set_counts() {
    let whole = json!({"title": "Flood", "kind": "threat", "labels": {"a": "1", "b.c": "2"}});
    assert_eq!(patched(None).unwrap(), whole);
    assert_eq!(patched(Some(paths(&[]))).unwrap(), whole);
    assert_eq!(Value::Object(upsert_body::<Risk>(Some(risk()), None).unwrap()), whole);
}

#[test]
fn a_mask_clears_what_is_not_set() {
    let patch = patched(Some(paths(&["title", "cause", "labels.a", "labels.z", "labels.b.c"]))).unwrap();
    assert_eq!(patch, json!({"title": "Flood", "cause": null, "labels": {"a": "1", "z": null, "b.c": "2"}}));
    assert_eq!(
        patched(Some(paths(&["labels", "labels.z"]))).unwrap(),
        json!({"labels": {"a": "1", "b.c": "2", "z": null}})
    );
    let cleared = masked(Risk::KIND, Map::new(), Some(paths(&["labels", "labels.z"]))).unwrap();
    assert_eq!(Value::Object(cleared), json!({"labels": null}));
}

#[test]
fn a_mask_does_not_hide_what_only_the_service_sets() {
    let (_, patch) = patch::<Risk>(Some(risk()), Some(paths(&["state", "id"]))).unwrap();
    assert_eq!(Value::Object(patch), json!({"state": "assessed", "id": null}));
}

#[test]
fn every_wrong_path_is_named() {
    let error = patched(Some(paths(&["titel", "*", "cost_low.amount", "", ".", "title."]))).unwrap_err();
    assert!(error.faults.iter().all(|fault| fault.pointer == "/update_mask" && fault.code == "UNKNOWN_FIELD"));
    assert_eq!(error.faults.len(), 6);
    assert!(error.faults[0].detail.contains("did you mean title"), "{}", error.faults[0].detail);
    assert_eq!(patched(Some(paths(&["x"; PATHS_MAX + 1]))).unwrap_err().faults.len(), 1);
    assert_eq!(patch::<Risk>(None, None).unwrap_err().faults[0].pointer, "/id");
}
