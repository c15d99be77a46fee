//! Files of records: CSV with columns named like fields, or one JSON object a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use futures::{Stream, stream};
use serde_json::{Map, Value};
use steerco_api::Strictly;
use steerco_client::Record;
use steerco_domain::interchange::csv_records::{self, Layout};
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Fault, Reason};
use steerco_proto::table::{MESSAGES, Message, RPCS, Rpc};
use tempfile::{NamedTempFile, TempPath};
use tokio::sync::mpsc;

use super::message::{Encoded, encode};

/// Records read ahead of those that are sent.
const AHEAD: usize = 1_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A header of field names, and `external_id`
    Csv,
    /// One JSON object a line: `external_id`, and fields beside it or in `body`
    Ndjson,
}

/// A file of records of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    file: PathBuf,
    format: FileFormat,
    kind: &'static Kind,
    /// Code of the source whose ids the file has.
    source: String,
    message: &'static Message,
    /// Path of the rpc that takes them.
    pub(crate) path: &'static str,
    /// Standard input, where that is the file; removed with its last owner.
    _input: Option<Arc<TempPath>>,
}

/// A record of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Where it stands, such as `row 7`.
    pub(crate) place: String,
    pub(crate) external_id: String,
    version: Option<i64>,
    fields: Map<String, Value>,
    faults: Vec<Fault>,
    /// What of the file is not kept.
    pub(crate) notes: Vec<Fault>,
}

type Sink<'a> = &'a mut dyn FnMut(Row) -> Result<(), Error>;

impl Rows {
    pub(crate) fn open(
        file: &Path,
        format: Option<FileFormat>,
        kind: &'static Kind,
        source: &str,
    ) -> anyhow::Result<Self> {
        let by_name = match file.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Some(FileFormat::Csv),
            Some("ndjson" | "jsonl") => Some(FileFormat::Ndjson),
            _ => None,
        };
        let format = format.or(by_name).ok_or_else(|| anyhow!("say what the file is: --format csv or ndjson"))?;
        let input = (file == Path::new("-")).then(keep_input).transpose()?;
        let file = input.as_deref().unwrap_or(file);
        if !file.is_file() {
            bail!("{} is no file that can be read twice: once to check it, once to send it", file.display());
        }
        let service = format!("{}Service", kind.title);
        let upserts = |rpc: &&Rpc| rpc.service == service && rpc.streams && rpc.name.starts_with("Upsert");
        let made_by_no_file = || anyhow!("{} are made by no file", kind.plural.replace('_', " "));
        let path = RPCS.iter().find(upserts).ok_or_else(made_by_no_file)?.path;
        let message = MESSAGES.iter().find(|message| message.name == kind.title);
        let message = message.ok_or_else(|| anyhow!("{} is not in the contract", kind.name))?;
        let (file, source) = (file.to_owned(), source.to_owned());
        Ok(Self { file, format, kind, source, message, path, _input: input.map(Arc::new) })
    }

    /// Reads the file, a record after another.
    pub(crate) fn read(&self, sink: Sink<'_>) -> Result<(), Error> {
        let file = File::open(&self.file).map_err(|error| broken(&error))?;
        let input = BufReader::with_capacity(1 << 16, file);
        match self.format {
            FileFormat::Csv => self.read_csv(input, sink),
            FileFormat::Ndjson => read_ndjson(input, sink),
        }
    }

    fn read_csv(&self, input: impl BufRead, sink: Sink<'_>) -> Result<(), Error> {
        csv_records::read(input, &Layout::plain(self.kind), &mut |record| {
            let mut fields = record.body;
            // Other records of the source are named by their ids there.
            let named = record
                .links
                .into_iter()
                .map(|link| (link.field, Value::String(format!("{}/{}", self.source, link.external_id))));
            fields.extend(named);
            let (place, external_id, version) = (record.place, record.external_id, record.source_version);
            sink(Row { place, external_id, version, fields, faults: record.faults, notes: record.notes })
        })
    }

    /// The record as it is sent, or every fault in it.
    pub(crate) fn record(&self, row: &Row) -> Result<Record, Vec<Fault>> {
        let mut faults = row.faults.clone();
        if row.external_id.is_empty() && faults.is_empty() {
            faults.push(Fault::new("/external_id", "REQUIRED", "is required"));
        }
        match encode(self.message, &row.fields) {
            Ok(Encoded { bytes, fields }) if faults.is_empty() => {
                let record = Record::encoded(row.external_id.clone(), bytes).fields(fields);
                Ok(match row.version {
                    Some(version) => record.version(version),
                    None => record,
                })
            }
            Ok(_) => Err(faults),
            Err(more) => Err(faults.into_iter().chain(more).collect()),
        }
    }

    /// The records that have no fault, as they are sent: never more than a few in memory.
    pub(crate) fn records(&self) -> impl Stream<Item = Result<Record, steerco_client::Error>> + Send + 'static {
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let rows = self.clone();
        tokio::task::spawn_blocking(move || {
            let read = rows.read(&mut |row| match rows.record(&row) {
                Ok(record) => sender.blocking_send(Ok(record)).map_err(|_| Error::unavailable("the stream has ended")),
                Err(_) => Ok(()),
            });
            if let Err(error) = read {
                let _ = sender.blocking_send(Err(steerco_client::Error::Local(error.detail)));
            }
        });
        stream::poll_fn(move |context| receiver.poll_recv(context))
    }
}

/// What comes in, kept in a file, for it is read twice.
fn keep_input() -> anyhow::Result<TempPath> {
    let mut kept = NamedTempFile::new().context("standard input cannot be kept")?;
    std::io::copy(&mut std::io::stdin().lock(), &mut kept).context("standard input cannot be read")?;
    Ok(kept.into_temp_path())
}

fn broken(error: &std::io::Error) -> Error {
    Error::new(Reason::Malformed, error.to_string())
}

fn read_ndjson(input: impl BufRead, sink: Sink<'_>) -> Result<(), Error> {
    for (i, line) in input.lines().enumerate() {
        let line = line.map_err(|error| broken(&error))?;
        if !line.trim().is_empty() {
            sink(row(format!("line {}", i + 1), &line))?;
        }
    }
    Ok(())
}

fn row(place: String, line: &str) -> Row {
    let mut object = match serde_json::from_str(line) {
        Ok(Strictly(Value::Object(object))) => object,
        Ok(_) => {
            let faults = vec![Fault::new("", "WRONG_TYPE", "must be a JSON object")];
            return Row { place, faults, ..Row::default() };
        }
        Err(error) => {
            let faults = vec![Fault::new("", "MALFORMED", format!("is not JSON: {error}"))];
            return Row { place, faults, ..Row::default() };
        }
    };
    let mut faults = Vec::new();
    let mut wrong = |at: &str, wanted: &str| faults.push(Fault::new(at, "WRONG_TYPE", format!("must be {wanted}")));
    let external_id = match object.remove("external_id") {
        Some(Value::String(id)) => id,
        None => String::new(),
        Some(_) => {
            wrong("/external_id", "a string");
            String::new()
        }
    };
    let version = object.remove("source_version").filter(|value| !value.is_null());
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let read = version.as_ref().and_then(number);
    if version.is_some() && read.is_none() {
        wrong("/source_version", "a whole number");
    }
    let fields = match object.remove("body") {
        Some(Value::Object(body)) if object.is_empty() => body,
        Some(_) => {
            wrong("/body", "an object, with nothing beside it but external_id and source_version");
            Map::new()
        }
        None => object,
    };
    Row { place, external_id, version: read, fields, faults, notes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(name: &str, text: &str) -> (tempfile::TempDir, Rows) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let kind = steerco_domain::find_kind("deliverable").unwrap();
        (folder, Rows::open(&file, None, kind, "jira").unwrap())
    }

    fn told(rows: &Rows) -> Vec<Result<Record, Vec<String>>> {
        let mut told = Vec::new();
        let code = |fault: Fault| format!("{} {}", fault.pointer, fault.code);
        rows.read(&mut |row| {
            told.push(rows.record(&row).map_err(|faults| faults.into_iter().map(code).collect()));
            Ok(())
        })
        .unwrap();
        told
    }

    #[test]
    fn lines_and_tables_make_the_same_records() {
        let (_a, csv) = rows("a.csv", "external_id,title,project_id,weight,source_version\nD-1,Pumps,P-3,2,7\n");
        let (_b, lines) = rows(
            "a.ndjson",
            "{\"external_id\":\"D-1\",\"source_version\":7,\"title\":\"Pumps\",\"project_id\":\"jira/P-3\",\"weight\":2}\n\n\
             {\"external_id\":\"D-1\",\"source_version\":\"7\",\"body\":{\"title\":\"Pumps\",\"project_id\":\"jira/P-3\",\"weight\":2}}\n",
        );
        let read = told(&lines);
        assert_eq!((&read[0], read.len()), (&read[1], 2));
        assert_eq!(told(&csv), read[..1]);
        assert_eq!(csv.path, "/steerco.v1.DeliverableService/UpsertDeliverables");
    }

    #[test]
    fn faults_stay_with_their_lines() {
        let (_folder, lines) = rows(
            "a.jsonl",
            "{\"external_id\":\"D-1\",\"titel\":\"Pumps\"}\nnonsense\n{\"title\":\"x\"}\n\
             {\"external_id\":7,\"source_version\":\"x\"}\n{\"external_id\":\"D\",\"body\":{},\"more\":1}\n",
        );
        let codes: Vec<Vec<String>> = told(&lines).into_iter().map(Result::unwrap_err).collect();
        assert_eq!(
            codes,
            [
                vec!["/titel UNKNOWN_FIELD"],
                vec![" MALFORMED"],
                vec!["/external_id REQUIRED"],
                vec!["/external_id WRONG_TYPE", "/source_version WRONG_TYPE"],
                vec!["/body WRONG_TYPE"],
            ]
        );
    }

    #[test]
    fn what_is_made_by_no_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        std::fs::write(&file, "").unwrap();
        let open = |kind: &str, name: &str| {
            let kind = steerco_domain::find_kind(kind).unwrap();
            format!("{:#}", Rows::open(&folder.path().join(name), None, kind, "jira").unwrap_err())
        };
        assert!(open("review", "a.csv").contains("made by no file"), "{}", open("review", "a.csv"));
        assert!(open("risk", "a.txt").contains("--format"));
        assert!(open("risk", "b.csv").contains("no file"));
    }
}
