//! `steerco apply`: each document is one call of the same operations that every client has.

use anyhow::anyhow;
use reqwest::Method;
use serde_json::{Map, Value, json};
use steerco_service::clock::Clock;

use super::documents::{Document, Meant};
use super::http::{Api, Call, Failure, Problem};
use super::{encoded, path_of};
use crate::cli::Output;
use crate::commands::say;

const MERGE: &str = "application/merge-patch+json";

/// How documents are applied.
pub(crate) struct Applying {
    pub(crate) dry_run: bool,
    /// Begin of the keys; drawn when absent.
    pub(crate) key: Option<String>,
    pub(crate) output: Output,
}

/// What became of a document.
struct Done {
    outcome: String,
    id: String,
    replayed: bool,
}

/// Applies each in turn. A refused one does not keep the others back; a server out of reach does.
pub(crate) async fn apply(api: &Api, documents: &[Document], how: &Applying) -> Result<u8, Failure> {
    let drawn = || format!("apply-{:032x}", u128::from_be_bytes(Clock::system().random()));
    let begin = how.key.clone().unwrap_or_else(drawn);
    let mut code = 0;
    for (i, document) in documents.iter().enumerate() {
        match one(api, document, how, format!("{begin}-{}", i + 1)).await {
            Ok(done) => tell(document, &done, how),
            // Without a good token the others would fare alike.
            Err(Failure::Refused(problem)) if !problem.retryable && problem.status != 401 => {
                refuse(i, document, &problem, how);
                code = 4;
            }
            Err(failure) => {
                let left = documents.len() - i;
                eprintln!(
                    "steerco: {left} of {} documents were not applied, from the one of {} on",
                    documents.len(),
                    document.name()
                );
                if how.key.is_none() {
                    eprintln!("steerco: `--key {begin}` repeats this run and doubles nothing");
                }
                return Err(failure);
            }
        }
    }
    Ok(code)
}

async fn one(api: &Api, document: &Document, how: &Applying, key: String) -> Result<Done, Failure> {
    let (document, etag) = settled(api, document).await?;
    if let (Meant::Id { id, .. }, true) = (&document.meant, etag.is_some() && document.fields.is_empty()) {
        return Ok(Done { outcome: "unchanged".to_owned(), id: id.clone(), replayed: false });
    }
    let mut call = call_of(&document);
    call.headers.push(("idempotency-key", key));
    call.headers.extend(etag.map(|etag| ("if-match", etag)));
    call = call.with("validate_only", how.dry_run.then_some("true"));
    call = call.with("effective_at", document.effective_at.as_deref());
    let reply = api.call(&call).await?;
    let text = |name: &str| reply.header(name).unwrap_or_default().to_owned();
    let id = reply.body["id"].as_str().unwrap_or_default().to_owned();
    Ok(Done { outcome: text("steerco-outcome"), id, replayed: !text("idempotency-replayed").is_empty() })
}

/// A line of an export has all fields of a resource. What stands there as the server has it is left out, and the rest
/// is only applied to the revision that was exported.
async fn settled(api: &Api, document: &Document) -> Result<(Document, Option<String>), Failure> {
    let (Meant::Id { id, if_match }, Some(revision)) = (&document.meant, document.fields.get("revision")) else {
        return Ok((document.clone(), None));
    };
    let reply = api.call(&Call::get(format!("{}/{}", path_of(document.kind), encoded(id)))).await?;
    if reply.body.get("revision") != Some(revision) {
        let current = &reply.body["revision"];
        let why = anyhow!("{id} was changed since: its revision is {current}, the document's {revision}");
        return Err(stale(&why.to_string()));
    }
    let current = reply.body.as_object().cloned().unwrap_or_default();
    let mut changed = document.clone();
    changed.fields.retain(|name, value| current.get(name) != Some(value));
    // What the line no longer has is cleared.
    let gone = current.keys().filter(|name| !document.fields.contains_key(*name));
    let cleared: Map<String, Value> = gone.map(|name| (name.clone(), Value::Null)).collect();
    changed.fields.extend(cleared);
    let etag = if_match.clone().or_else(|| reply.header("etag").map(str::to_owned));
    Ok((changed, etag))
}

fn stale(detail: &str) -> Failure {
    let (code, detail) = ("ETAG_MISMATCH".to_owned(), detail.to_owned());
    Failure::Refused(Box::new(Problem { status: 412, code, detail, ..Problem::default() }))
}

fn call_of(document: &Document) -> Call {
    let base = path_of(document.kind);
    let body = Value::Object(document.fields.clone());
    let (method, path, media) = match &document.meant {
        Meant::New => (Method::POST, base, "application/json"),
        Meant::Id { id, .. } => (Method::PATCH, format!("{base}/{}", encoded(id)), MERGE),
        Meant::Reference { source, external_id, .. } => {
            (Method::PUT, format!("{base}/by-ref/{}/{}", encoded(source), encoded(external_id)), MERGE)
        }
    };
    let mut call = Call {
        method,
        path,
        query: Vec::new(),
        body: Some((media, body.to_string().into_bytes())),
        headers: Vec::new(),
    };
    match &document.meant {
        Meant::Reference { source_version, if_match, .. } => {
            call.headers.extend(if_match.clone().map(|etag| ("if-match", etag)));
            call = call.with("source_version", source_version.as_deref());
        }
        Meant::Id { if_match: Some(etag), .. } if !document.fields.contains_key("revision") => {
            call.headers.push(("if-match", etag.clone()));
        }
        _ => {}
    }
    call
}

fn tell(document: &Document, done: &Done, how: &Applying) {
    let (kind, name) = (document.kind.name, document.name());
    match how.output {
        Output::Json => say(&json!({ "kind": kind, "document": name, "outcome": done.outcome, "id": done.id,
                                     "replayed": done.replayed, "dry_run": how.dry_run })
        .to_string()),
        Output::Table => {
            let dry = if how.dry_run { " (dry run)" } else { "" };
            let again = if done.replayed { " (before)" } else { "" };
            say(&format!("{kind:<16} {:<10} {name}  {}{dry}{again}", done.outcome, done.id));
        }
    }
}

fn refuse(index: usize, document: &Document, problem: &Problem, how: &Applying) {
    let (kind, name) = (document.kind.name, document.name());
    match how.output {
        Output::Json => {
            let faults: Vec<Value> = problem
                .errors
                .iter()
                .map(|fault| json!({ "pointer": fault.pointer, "code": fault.code, "detail": fault.detail }))
                .collect();
            let error = json!({ "status": problem.status, "code": problem.code, "detail": problem.detail,
                                "request_id": problem.request_id, "etag": problem.etag, "errors": faults });
            say(&json!({ "kind": kind, "document": name, "outcome": "refused", "error": error }).to_string());
        }
        Output::Table => say(&format!("{kind:<16} {:<10} {name}", "refused")),
    }
    eprintln!("steerco: document {} ({kind} {name}): {problem}", index + 1);
}
