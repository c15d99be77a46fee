//! Every answer over REST against the OpenAPI document.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(steerco_api::openapi::document);

/// An answer as it came.
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a str,
    /// Without the query.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) has_request_id: bool,
    /// `None` where a stream follows.
    pub(crate) body: Option<&'a [u8]>,
}

/// Panics where the document does not allow this answer.
pub(crate) fn check(seen: &Seen<'_>) {
    let Seen { method, path, status, .. } = *seen;
    let what = format!("{method} {path} answered {status}");
    assert!(seen.has_request_id, "{what} without a request id");
    let operation = find_path(path).map(|item| &item[method.to_ascii_lowercase()]).filter(|found| found.is_object());
    let Some(operation) = operation else {
        assert!(matches!(status, 401 | 404 | 405), "{what}, which is no operation");
        check_problem(&what, seen);
        return;
    };
    let answer = resolve(&operation["responses"][status.to_string()]);
    assert!(answer.is_object(), "{what}, which is not documented");
    let media = seen.content_type.and_then(|value| value.split(';').next()).map(str::trim);
    let Some(content) = answer["content"].as_object() else {
        assert!(seen.body.is_none_or(<[u8]>::is_empty), "{what} with a body");
        return;
    };
    let media = media.unwrap_or_else(|| panic!("{what} without a content type"));
    let described = content.iter().find(|(known, _)| known.split(';').next() == Some(media));
    let schema = &described.unwrap_or_else(|| panic!("{what} as {media}, which is not documented")).1["schema"];
    if let Some(body) = seen.body.filter(|_| media == "application/json" || media.ends_with("+json")) {
        check_body(&what, schema, body);
    }
    if status >= 400 && media.starts_with("application/problem") {
        check_problem(&what, seen);
    }
}

fn check_problem(what: &str, seen: &Seen<'_>) {
    assert_eq!(seen.content_type, Some("application/problem+json"), "{what}");
    let body = seen.body.unwrap_or_default();
    check_body(what, &json!({"$ref": "#/components/schemas/Problem"}), body);
    let problem: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(problem["status"], seen.status, "{what}: {problem}");
}

/// Panics where the value is not as the named schema says.
pub(crate) fn check_schema(name: &str, value: &Value) {
    let schema = json!({"$ref": format!("#/components/schemas/{name}")});
    check_body(name, &schema, value.to_string().as_bytes());
}

fn check_body(what: &str, schema: &Value, body: &[u8]) {
    let value: Value =
        serde_json::from_slice(body).unwrap_or_else(|fault| panic!("{what} with a body that is no JSON: {fault}"));
    let validator = validator(schema);
    let faults: Vec<String> =
        validator.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what} against its schema {schema}: {faults:?}\n{value:#}");
}

/// The item of the paths whose template fits best: literal parts go before parameters.
fn find_path(path: &str) -> Option<&'static Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        let same = wanted.len() == parts.len();
        let mut literal = 0;
        let all = wanted.iter().zip(&parts).all(|(wanted, part)| {
            literal += usize::from(wanted == part);
            wanted == part || wanted.starts_with('{')
        });
        (same && all).then_some(literal)
    };
    let paths = DOCUMENT["paths"].as_object()?;
    let fitting = paths.iter().filter_map(|(template, item)| Some((fits(template)?, item)));
    fitting.max_by_key(|(literal, _)| *literal).map(|(_, item)| item)
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => value,
    }
}

/// The validator of a schema with just the shared schemas it needs, made once.
fn validator(schema: &Value) -> Arc<Validator> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().expect("not poisoned");
    let key = schema.to_string();
    if let Some(validator) = made.get(&key) {
        return Arc::clone(validator);
    }
    let mut names = BTreeSet::new();
    collect(schema, &mut names);
    let schemas: Map<String, Value> =
        names.into_iter().map(|name| (name.to_owned(), DOCUMENT["components"]["schemas"][name].clone())).collect();
    let whole = json!({"allOf": [schema], "components": {"schemas": schemas}});
    let validator = Arc::new(jsonschema::draft202012::new(&whole).expect("a JSON schema"));
    made.insert(key, Arc::clone(&validator));
    validator
}

/// Names of the shared schemas that a schema leads to.
fn collect(schema: &Value, names: &mut BTreeSet<&'static str>) {
    let members: Vec<&Value> = match schema {
        Value::Object(object) => object.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return,
    };
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        let (name, found) = DOCUMENT["components"]["schemas"]
            .as_object()
            .and_then(|all| all.get_key_value(name))
            .unwrap_or_else(|| panic!("the document has no schema {name}"));
        if names.insert(name.as_str()) {
            collect(found, names);
        }
    }
    for member in members {
        collect(member, names);
    }
}
