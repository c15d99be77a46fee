//! `steerco operations` and `steerco call`: the table of operations as commands. Nothing here knows an operation by name.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use reqwest::Method;
use serde_json::{Map, Value, json};
use steerco_domain::Fault;
use steerco_domain::field::{FieldSpec, Shape};
use steerco_domain::input::unknown_name;
use steerco_service::operation::{Does, Form, Method as Declared, Standard};
use steerco_service::operations::Entry;

use super::encoded;
use super::http::{Api, Call, Failure};
use super::print::table;
use crate::cli::Output;
use crate::commands::say;

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";
const OCTETS: &str = "application/octet-stream";

/// How an operation is called.
pub(crate) struct Calling {
    pub(crate) operation: String,
    /// `NAME=VALUE` each.
    pub(crate) arguments: Vec<String>,
    pub(crate) body: Option<PathBuf>,
    pub(crate) key: Option<String>,
    pub(crate) if_match: Option<String>,
}

fn find(name: &str) -> anyhow::Result<Entry> {
    let name = name.replace('-', "_");
    steerco_api::operations().find(|entry| entry.id() == name).ok_or_else(|| {
        let ids: Vec<String> = steerco_api::operations().map(|entry| entry.id()).collect();
        let near = |id: &&String| name.split('_').all(|word| id.contains(word));
        let near: Vec<&str> = ids.iter().filter(near).map(String::as_str).take(10).collect();
        let hint = if near.is_empty() { "`steerco operations` lists them".to_owned() } else { near.join(", ") };
        anyhow!("there is no operation {name}: {hint}")
    })
}

// ---- what there is ----

/// Prints one operation in full, or all whose names have this text in them.
pub(crate) fn tell(pattern: Option<&str>, output: Output) -> anyhow::Result<()> {
    let exact = pattern.map(find).and_then(Result::ok);
    let found: Vec<Entry> = if let Some(entry) = exact {
        vec![entry]
    } else {
        let wanted = |entry: &Entry| pattern.is_none_or(|text| entry.id().contains(&text.replace('-', "_")));
        steerco_api::operations().filter(wanted).collect()
    };
    if found.is_empty() {
        bail!("no operation has {} in its name", pattern.unwrap_or_default());
    }
    match output {
        Output::Json => found.iter().for_each(|entry| say(&about(entry).to_string())),
        Output::Table if exact.is_some() => found.iter().for_each(sheet),
        Output::Table => {
            let columns = ["operation", "method", "path", "right"].map(str::to_owned);
            let rows: Vec<Value> = found.iter().map(about).collect();
            say(&table(&columns, &rows, true));
        }
    }
    Ok(())
}

fn about(entry: &Entry) -> Value {
    let right = entry.permission().map(|row| format!("{}.{}", row.kind, row.action));
    let parameters: Vec<&str> = entry.parameters().map(|parameter| parameter.name).collect();
    let body: Vec<&str> = entry.body().map(|field| field.name).collect();
    json!({ "operation": entry.id(), "rpc": format!("{}/{}", entry.service(), entry.rpc()),
            "method": method(entry).as_str(), "path": entry.path(), "right": right, "summary": plain(&entry.summary()),
            "parameters": parameters, "body": body })
}

fn sheet(entry: &Entry) {
    say(&format!("{}\n\n{}", plain(&entry.summary()), plain(&entry.doc())));
    say(&format!("\n{} {}\nsteerco.v1.{}/{}", method(entry), entry.path(), entry.service(), entry.rpc()));
    if let Some(row) = entry.permission() {
        say(&format!("takes the right {}.{}", row.kind, row.action));
    }
    let of_path = entry.parts().map(|name| (name, "a part of the path"));
    let beside = entry.parameters().map(|parameter| (parameter.name, parameter.doc));
    let body = entry.body().map(|field| (field.name, field.doc));
    for (head, arguments) in
        [("arguments", of_path.chain(beside).collect::<Vec<_>>()), ("members of the body", body.collect())]
    {
        if !arguments.is_empty() {
            say(&format!("\n{head}:"));
            for (name, doc) in arguments {
                say(&format!("  {name}  {}", plain(doc)));
            }
        }
    }
}

/// A text of the documents as one line.
fn plain(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

// ---- calling ----

/// Calls it and prints what it answers: JSON as such, a file as it is.
pub(crate) async fn call(api: &Api, calling: &Calling) -> Result<(), Failure> {
    let request = request(calling)?;
    let raw = api.fetch(&request).await?;
    let kind = raw.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with(JSON) || kind.ends_with("+json") {
        let answer: Value = serde_json::from_slice(&raw.bytes).context("the answer").map_err(Failure::Local)?;
        say(&format!("{answer:#}"));
        return Ok(());
    }
    std::io::stdout().write_all(&raw.bytes).context("standard output").map_err(Failure::Local)
}

fn request(calling: &Calling) -> Result<Call, Failure> {
    let entry = find(&calling.operation).map_err(Failure::Local)?;
    if matches!(entry.operation.does, Does::Form(Form::StreamEvents)) {
        return Err(Failure::Local(anyhow!("a stream without end: `steerco watch` follows it")));
    }
    let mut given = Given::default();
    calling.arguments.iter().for_each(|argument| given.argument(&entry, argument));
    let mut path = entry.path();
    for part in entry.parts() {
        match given.of_path.iter().find(|(name, _)| name == part) {
            Some((_, value)) => path = path.replace(&format!("{{{part}}}"), &encoded(value)),
            None => given.faults.push(Fault::new(part, "REQUIRED", "is a part of the path")),
        }
    }
    let body = given.body(&entry, calling.body.as_deref()).map_err(Failure::Local)?;
    if !given.faults.is_empty() {
        return Err(refused(&calling.operation, &given.faults));
    }
    let beside = [("idempotency-key", &calling.key), ("if-match", &calling.if_match)];
    let headers = beside.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    Ok(Call { method: method(&entry), path, query: given.query, body, headers })
}

fn method(entry: &Entry) -> Method {
    match entry.operation.method {
        Declared::Get => Method::GET,
        Declared::Post => Method::POST,
        Declared::Put => Method::PUT,
        Declared::Patch => Method::PATCH,
        Declared::Delete => Method::DELETE,
    }
}

fn refused(operation: &str, faults: &[Fault]) -> Failure {
    let mut told = format!("{operation} is not called:");
    for fault in faults {
        let _ = write!(told, "\n  {}: {} ({})", fault.pointer, fault.detail, fault.code);
    }
    Failure::Local(anyhow!(told))
}

/// The arguments of a call, by where they go.
#[derive(Default)]
struct Given {
    of_path: Vec<(String, String)>,
    query: Vec<(&'static str, String)>,
    members: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Given {
    fn argument(&mut self, entry: &Entry, argument: &str) {
        let Some((name, value)) = argument.split_once('=') else {
            return self.faults.push(Fault::new(argument, "REQUIRED", "must be NAME=VALUE"));
        };
        let parameter = entry.parameters().find(|parameter| parameter.name == name);
        if entry.parts().any(|part| part == name) {
            self.of_path.push((name.to_owned(), value.to_owned()));
        } else if let Some(parameter) = parameter {
            self.query.push((parameter.name, value.to_owned()));
        } else if let Some(field) = entry.body().find(|field| field.name == name) {
            match member(field, value) {
                Ok(value) => drop(self.members.insert(name.to_owned(), value)),
                Err(detail) => self.faults.push(Fault::new(name, "WRONG_TYPE", detail)),
            }
        } else {
            let known: Vec<&str> = entry
                .parts()
                .chain(entry.parameters().map(|parameter| parameter.name))
                .chain(entry.body().map(|field| field.name))
                .collect();
            self.faults.push(Fault::new(name, "UNKNOWN_PARAMETER", unknown_name(name, &known)));
        }
    }

    /// The body: a file as it is, or the members that are given one by one.
    fn body(&mut self, entry: &Entry, file: Option<&Path>) -> anyhow::Result<Option<(&'static str, Vec<u8>)>> {
        let takes = media(entry, file);
        match (takes, file) {
            (None, Some(_)) => bail!("{} takes no body", entry.id()),
            (Some(_), Some(_)) if !self.members.is_empty() => {
                bail!("a body comes from a file or member by member, not both")
            }
            (Some(media), Some(file)) => Ok(Some((media, read_file(file)?))),
            (Some(media @ (JSON | MERGE)), None) => {
                Ok(Some((media, Value::Object(std::mem::take(&mut self.members)).to_string().into_bytes())))
            }
            (Some(_), None) => bail!("{} takes a file: --body FILE", entry.id()),
            (None, None) => Ok(None),
        }
    }
}

/// Of what media type its body is; none where it takes none.
fn media(entry: &Entry, file: Option<&Path>) -> Option<&'static str> {
    match entry.operation.does {
        Does::Run(_) => entry.operation.body.map(|_| JSON),
        Does::Standard(Standard::Create | Standard::Batch | Standard::Act) => Some(JSON),
        Does::Standard(Standard::Update | Standard::Upsert) => Some(MERGE),
        Does::Standard(Standard::Upserts) => Some(NDJSON),
        Does::Form(Form::UploadAttachment | Form::UploadImport) => Some(OCTETS),
        Does::Form(Form::ImportActuals) => {
            let is_csv = file.and_then(Path::extension).is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
            Some(if is_csv { CSV } else { NDJSON })
        }
        Does::Standard(_) | Does::Form(_) => None,
    }
}

/// A member of the body: text where the field holds text, JSON where it holds anything else.
fn member(field: &FieldSpec, value: &str) -> Result<Value, String> {
    let json = || serde_json::from_str(value).map_err(|_| format!("must be JSON, such as {}", example(field)));
    match (field.shape)() {
        _ if value.is_empty() && field.nullable => Ok(Value::Null),
        Shape::Bool
        | Shape::Int { .. }
        | Shape::Ratio { .. }
        | Shape::Money
        | Shape::List { .. }
        | Shape::Map { .. }
        | Shape::Object { .. } => json(),
        _ => Ok(value.into()),
    }
}

fn example(field: &FieldSpec) -> &'static str {
    match (field.shape)() {
        Shape::Bool => "true",
        Shape::Int { .. } => "3",
        Shape::Ratio { .. } => "0.5",
        Shape::Money => r#"{"amount": "10.00", "currency": "EUR"}"#,
        Shape::List { .. } => "[]",
        _ => "{}",
    }
}

fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file).with_context(|| file.display().to_string());
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("standard input")?;
    Ok(bytes)
}
