//! Many writes in one request.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use steerco_domain::field::{Field, Spot};
use steerco_domain::input::{plain_int, pointer_part, unknown_name};
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Fault};
use steerco_service::{BATCH_MAX, BatchItem, BatchResult, Record, Written};

use super::call::{Call, JSON};
use super::params::Set;
use super::{Rest, pointers, reply};
use crate::problem::{Answer, Problem};

/// Characters an id, reference or ETag in an item may have; the service checks them further.
const WORD_MAX: usize = 200;

pub(crate) async fn batch(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let (items, partial) = read(call.object(&rest, body, JSON, false).await?)?;
    let parts = pointers::parts(&items);
    let batch = rest.service.batch(kind, &context, items, partial).await;
    let BatchResult { results, replayed } = batch.map_err(|error| pointers::complete(error, &parts))?;
    let results = results.into_iter().enumerate();
    let results: Vec<_> =
        results.map(|(i, result)| result.map_err(|error| pointers::placed(error, i, &parts))).collect();
    let mut body = br#"{"results":["#.to_vec();
    for (i, result) in results.iter().enumerate() {
        if i > 0 {
            body.push(b',');
        }
        push(result, &call.request_id, &mut body)?;
    }
    body.extend_from_slice(b"]}");
    let mut response = reply::of(StatusCode::OK, reply::JSON, body);
    reply::mark_replayed(&mut response, replayed);
    Ok(response)
}

#[derive(Serialize)]
struct Done<'a> {
    outcome: &'static str,
    etag: &'a str,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: Problem<'a>,
}

fn push(result: &Result<Written, Error>, request_id: &str, body: &mut Vec<u8>) -> Result<(), Error> {
    match result {
        Ok(Written { seen, outcome, .. }) => {
            serde_json::to_writer(&mut *body, &Done { outcome: outcome.word(), etag: &seen.etag })
                .map_err(|error| reply::unwritable(&error))?;
            // One member more.
            body.pop();
            body.extend_from_slice(br#","resource":"#);
            seen.resource.write_json(seen.mask, body);
            body.push(b'}');
            Ok(())
        }
        Err(error) => {
            let refused = Refused { error: Problem::new(error, request_id) };
            serde_json::to_writer(body, &refused).map_err(|error| reply::unwritable(&error))
        }
    }
}

/// The items and whether the batch is partial, or every fault of its frame.
fn read(mut body: Map<String, Value>) -> Result<(Vec<BatchItem>, bool), Error> {
    let mut faults = Vec::new();
    let partial = match body.remove("partial") {
        None | Some(Value::Null) => Some(false),
        Some(value) => bool::read(&value, &mut Spot { pointer: "/partial".into(), faults: &mut faults }),
    };
    let items = match body.remove("items") {
        Some(Value::Array(items)) if (1..=BATCH_MAX).contains(&items.len()) => items,
        other => {
            let detail = format!("must be an array of 1 to {BATCH_MAX} items");
            let code = if other.is_none() { "REQUIRED" } else { "OUT_OF_RANGE" };
            faults.push(Fault::new("/items", code, detail));
            Vec::new()
        }
    };
    let unknown = body.keys().map(|name| (String::new(), name, &["items", "partial"][..]));
    faults.extend(unknown.map(unknown_fault));
    let read: Vec<_> = items.into_iter().enumerate().filter_map(|(i, item)| read_item(i, item, &mut faults)).collect();
    match partial {
        Some(partial) if faults.is_empty() => Ok((read, partial)),
        _ => Err(Error::invalid(faults)),
    }
}

fn unknown_fault((at, name, known): (String, &String, &[&str])) -> Fault {
    Fault::new(format!("{at}/{}", pointer_part(name)), "UNKNOWN_FIELD", unknown_name(name, known))
}

/// One item: an object with one member that says what to do.
fn read_item(index: usize, item: Value, faults: &mut Vec<Fault>) -> Option<BatchItem> {
    const RIGHT: &str = "must be an object with exactly one of create, update, upsert and delete";
    let at = format!("/items/{index}");
    let member = match item {
        Value::Object(object) if object.len() == 1 => object.into_iter().next(),
        _ => None,
    };
    let Some((act, value)) = member else {
        faults.push(Fault::new(at, "ONE_ACT", RIGHT));
        return None;
    };
    let Value::Object(object) = value else {
        faults.push(Fault::new(format!("{at}/{}", pointer_part(&act)), "WRONG_TYPE", "must be an object"));
        return None;
    };
    let part = Part { at: format!("{at}/{}", pointer_part(&act)), object, faults };
    match act.as_str() {
        "create" => Some(BatchItem::Create { body: part.object }),
        "update" => part.update(),
        "upsert" => part.upsert(),
        "delete" => part.delete(),
        _ => {
            part.faults.push(Fault::new(at, "ONE_ACT", RIGHT));
            None
        }
    }
}

/// What stands in an item.
pub(super) struct Part<'a> {
    pub(super) at: String,
    pub(super) object: Map<String, Value>,
    pub(super) faults: &'a mut Vec<Fault>,
}

impl Part<'_> {
    /// A line of a stream.
    pub(super) fn record(mut self) -> Option<Record> {
        let (external_id, source_version) = (self.word("external_id", true), self.long("source_version"));
        let body = self.body("body");
        self.only(&["external_id", "source_version", "body"]);
        Some(Record { external_id: external_id?, source_version, body: body? })
    }

    fn update(mut self) -> Option<BatchItem> {
        let (id, patch, if_match) = (self.word("id", true), self.body("patch"), self.word("if_match", false));
        self.only(&["id", "patch", "if_match"]);
        Some(BatchItem::Update { id: id?, patch: patch?, if_match })
    }

    fn upsert(mut self) -> Option<BatchItem> {
        let (source, external_id) = (self.word("source", true), self.word("external_id", true));
        let (source_version, body) = (self.long("source_version"), self.body("body"));
        self.only(&["source", "external_id", "source_version", "body"]);
        Some(BatchItem::Upsert { source: source?, external_id: external_id?, source_version, body: body? })
    }

    fn delete(mut self) -> Option<BatchItem> {
        let id = self.word("id", true);
        self.only(&["id"]);
        Some(BatchItem::Delete { id: id? })
    }

    fn fault<T>(&mut self, name: &str, code: &'static str, detail: impl Into<String>) -> Option<T> {
        self.faults.push(Fault::new(format!("{}/{name}", self.at), code, detail));
        None
    }

    fn word(&mut self, name: &str, required: bool) -> Option<String> {
        match self.object.remove(name) {
            Some(Value::String(text)) if (1..=WORD_MAX).contains(&text.chars().count()) => Some(text),
            Some(Value::String(_)) => self.fault(name, "TOO_LONG", format!("must have 1 to {WORD_MAX} characters")),
            None | Some(Value::Null) if required => self.fault(name, "REQUIRED", "is required"),
            None | Some(Value::Null) => None,
            Some(_) => self.fault(name, "WRONG_TYPE", "must be a string"),
        }
    }

    fn long(&mut self, name: &str) -> Option<i64> {
        match self.object.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => match plain_int(&text) {
                Some(number) => Some(number),
                None => self.fault(name, "OUT_OF_RANGE", "must be a 64-bit integer in a string"),
            },
            Some(_) => self.fault(name, "WRONG_TYPE", "must be a 64-bit integer in a string"),
        }
    }

    fn body(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.object.remove(name) {
            Some(Value::Object(object)) => Some(object),
            None => self.fault(name, "REQUIRED", "is required"),
            Some(_) => self.fault(name, "WRONG_TYPE", "must be an object"),
        }
    }

    /// What has not been taken is not known.
    fn only(&mut self, known: &[&str]) {
        let at = &self.at;
        self.faults.extend(self.object.keys().map(|name| unknown_fault((at.clone(), name, known))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(body: &Value) -> Vec<(String, std::borrow::Cow<'static, str>)> {
        let error = read(body.as_object().unwrap().clone()).unwrap_err();
        error.faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn every_act_is_read() {
        let body = json!({"items": [
            {"create": {"title": "a"}}, {"update": {"id": "x", "patch": {}, "if_match": "e"}},
            {"upsert": {"source": "s", "external_id": "1", "source_version": "7", "body": {}}}, {"delete": {"id": "x"}},
        ], "partial": true});
        let (items, partial) = read(body.as_object().unwrap().clone()).unwrap();
        assert!(partial);
        assert!(matches!(&items[2], BatchItem::Upsert { source_version: Some(7), .. }), "{items:?}");
        assert_eq!(pointers::parts(&items), ["/create", "/update/patch", "/upsert/body", "/delete"]);
    }

    #[test]
    fn all_faults_at_once() {
        let body = json!({"items": [
            {}, {"create": 1}, {"update": {"id": 1, "patch": {}}}, {"upsert": {"source": "s", "extra": 1}}, {"x": {}},
        ], "partial": "yes", "more": 1});
        let expected = [
            ("/partial", "WRONG_TYPE"),
            ("/more", "UNKNOWN_FIELD"),
            ("/items/0", "ONE_ACT"),
            ("/items/1/create", "WRONG_TYPE"),
            ("/items/2/update/id", "WRONG_TYPE"),
            ("/items/3/upsert/external_id", "REQUIRED"),
            ("/items/3/upsert/body", "REQUIRED"),
            ("/items/3/upsert/extra", "UNKNOWN_FIELD"),
            ("/items/4", "ONE_ACT"),
        ];
        assert_eq!(faults(&body), expected.map(|(pointer, code)| (pointer.to_owned(), code.into())));
        assert_eq!(faults(&json!({})), [("/items".to_owned(), "REQUIRED".into())]);
        assert_eq!(faults(&json!({"items": vec![json!({}); 1001]}))[0].1, "OUT_OF_RANGE");
    }
}
