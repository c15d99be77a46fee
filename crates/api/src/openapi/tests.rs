use super::*;
use crate::operations::operations;
use std::collections::BTreeSet;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/steerco.json");

/// `UPDATE=1 cargo test` writes it anew, and so does `steerco openapi`.
#[test]
fn openapi_is_current() {
    let text = text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let stored = std::fs::read_to_string(PATH).unwrap();
    assert!(stored == text, "openapi/steerco.json is stale: run UPDATE=1 cargo test --workspace");
}

fn visit(value: &Value, found: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            found(name, value);
            visit(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| visit(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    visit(&document, &mut |name, value| {
        if let (true, Some(reference)) = (name == "$ref", value.as_str()) {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
            used.insert(reference.to_owned());
        }
    });
    for group in ["schemas", "parameters", "headers", "responses"] {
        for name in document["components"][group].as_object().unwrap().keys() {
            assert!(used.contains(&format!("#/components/{group}/{name}")), "{group}/{name} is not used");
        }
    }
}

#[test]
fn every_operation_is_told_in_full() {
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}: id twice");
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{at}: unknown tag");
            for text in ["summary", "description"] {
                assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{at}: no {text}");
            }
            let named: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            let in_path: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, in_path, "{at}");
        }
    }
    assert!(ids.contains("assess_risk") && ids.contains("batch_service_accounts"), "{ids:?}");
}

/// A schema of the same name would silently replace another. What a verb takes is declared by its kind, also where a feature
/// answers it.
#[test]
fn names_of_inputs_are_unique() {
    let mut titles = BTreeSet::new();
    for kind in KINDS.iter().chain(RECORDS) {
        assert!(titles.insert(kind.title));
        for verb in kind.verbs {
            assert!(titles.insert(verb.title), "{}", verb.title);
        }
    }
    for operation in operations().map(|entry| entry.operation).filter(|operation| !operation.verb) {
        assert!(operation.body.is_none_or(|body| titles.insert(body.title)), "{}", operation.id);
    }
}
