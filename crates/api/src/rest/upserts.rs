//! Streams of upserts: a header, records and an end, one JSON object a line.

use std::collections::VecDeque;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Serialize;
use serde_json::{Map, Value};
use steerco_domain::field::{Field, Spot};
use steerco_domain::input::{pointer_part, unknown_name};
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Fault, Reason};
use steerco_service::{Context, Part, RecordResult, STREAM_BYTES_MAX, UpsertHeader, Upserted};

use super::batch;
use super::call::Call;
use super::import::{DRAINED, NDJSON, Ndjson, Numbered};
use super::params::Set;
use super::{Rest, body, reply};
use crate::problem::{Answer, Problem};

/// Results written at a time.
const RESULTS_MAX: usize = 1_000;

pub(crate) async fn upsert_many(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    if !call.is_media(&[NDJSON]) {
        return Err(Error::new(Reason::UnsupportedMediaType, format!("the body must be {NDJSON}")).into());
    }
    let announced = call.header(&CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > STREAM_BYTES_MAX) {
        let detail = format!("the records may have {STREAM_BYTES_MAX} bytes");
        return Err(Error::new(Reason::TooLarge, detail).into());
    }
    let mut pieces = body.into_data_stream().map_err(|_| Error::new(Reason::Malformed, "the body broke off"));
    match upserted(kind, &rest, &context, &mut pieces).await {
        Ok(done) => Ok(answer(kind, done, call.request_id)),
        Err(error) => {
            // A client that is still sending when the connection closes never sees why.
            if announced.is_some_and(|length| length <= DRAINED) {
                while let Some(Ok(_)) = pieces.next().await {}
            }
            Err(error.into())
        }
    }
}

async fn upserted(
    kind: &'static Kind,
    rest: &Rest,
    context: &Context,
    pieces: &mut (impl Stream<Item = Result<Bytes, Error>> + Send + Unpin),
) -> Result<Upserted, Error> {
    let mut ndjson = Ndjson::default();
    let mut first: VecDeque<Numbered> = VecDeque::new();
    while first.is_empty() {
        let Some(piece) = pieces.next().await else {
            first.extend(ndjson.end());
            break;
        };
        first.extend(ndjson.read(&piece?)?);
    }
    let missing = || Error::new(Reason::Malformed, "the first line must be the header");
    let (_, header) = first.pop_front().ok_or_else(missing)?;
    let header = read_header(&header)?;
    let first: Vec<Result<Part, Error>> = first.into_iter().map(read_line).collect();
    let rest_of = stream::try_unfold(Some((pieces, ndjson)), |state| async move {
        let Some((pieces, mut ndjson)) = state else { return Ok(None) };
        match pieces.next().await {
            Some(piece) => Ok(Some((ndjson.read(&piece?)?, Some((pieces, ndjson))))),
            None => Ok::<_, Error>(Some((ndjson.end().into_iter().collect(), None))),
        }
    });
    let rest_of = rest_of.map(|lines: Result<Vec<Numbered>, Error>| match lines {
        Ok(lines) => lines.into_iter().map(read_line).collect(),
        Err(error) => vec![Err(error)],
    });
    let mut parts = Box::pin(stream::iter(first).chain(rest_of.flat_map(stream::iter)));
    rest.service.upsert_many(kind, context, header, &mut parts).await
}

/// Refuses members that are not among these.
fn only(object: &Map<String, Value>, at: &str, known: &[&str], faults: &mut Vec<Fault>) {
    let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
    let fault =
        |name: &String| Fault::new(format!("{at}/{}", pointer_part(name)), "UNKNOWN_FIELD", unknown_name(name, known));
    faults.extend(unknown.map(fault));
}

fn read_header(line: &[u8]) -> Result<UpsertHeader, Error> {
    let object = body::object(line).map_err(|error| Error { detail: format!("line 1: {}", error.detail), ..error })?;
    let mut faults = Vec::new();
    only(&object, "", &["source", "partial"], &mut faults);
    let source = match object.get("source") {
        Some(Value::String(source)) => Some(source.clone()),
        other => {
            let (code, detail) =
                if other.is_none() { ("REQUIRED", "is required") } else { ("WRONG_TYPE", "must be a string") };
            faults.push(Fault::new("/source", code, detail));
            None
        }
    };
    let partial = match object.get("partial") {
        None | Some(Value::Null) => Some(false),
        Some(value) => bool::read(value, &mut Spot { pointer: "/partial".into(), faults: &mut faults }),
    };
    match (source, partial) {
        (Some(source), Some(partial)) if faults.is_empty() => Ok(UpsertHeader { source, partial }),
        _ => Err(Error::invalid(faults)),
    }
}

fn read_line((number, bytes): Numbered) -> Result<Part, Error> {
    let line = u32::try_from(number).unwrap_or(u32::MAX);
    let mut object = match body::object(&bytes) {
        Ok(object) => object,
        Err(error) => return Ok(Part::Record(line, Err(error))),
    };
    let mut faults = Vec::new();
    if let Some(end) = object.remove("end") {
        let count = end.as_object().filter(|end| end.len() == 1).and_then(|end| end.get("count")?.as_u64());
        if let (Some(count), true) = (count, object.is_empty()) {
            return Ok(Part::End(count));
        }
        let detail =
            format!("line {number}: the end must be {{\"end\": {{\"count\": N}}}}, N being the number of records");
        return Err(Error::fault("/end", "DOES_NOT_FIT", detail));
    }
    let record = batch::Part { at: String::new(), object, faults: &mut faults }.record();
    let read = match record {
        Some(record) if faults.is_empty() => Ok(record),
        _ => Err(Error::invalid(faults)),
    };
    Ok(Part::Record(line, read))
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Done { line: u32, outcome: &'static str, id: String },
    Refused { line: u32, error: Problem<'a> },
}

/// The counts, and a result for each record, written as they are sent.
fn answer(kind: &'static Kind, mut done: Upserted, request_id: String) -> Response {
    let results = std::mem::take(&mut done.results);
    let Upserted { records, created, updated, unchanged, stale, refused, replayed, .. } = done;
    let head = format!(
        "{{\"records\":{records},\"created\":{created},\"updated\":{updated},\"unchanged\":{unchanged},\
         \"stale\":{stale},\"refused\":{refused},\"results\":["
    );
    let mut begun = false;
    let lines = stream::iter(results).chunks(RESULTS_MAX).map(move |some| {
        let mut text = String::new();
        for result in &some {
            text.push_str(if begun { ",\n" } else { "\n" });
            begun = true;
            text.push_str(&serde_json::to_string(&line(kind, result, &request_id)).unwrap_or_default());
        }
        text
    });
    let whole = stream::iter([head]).chain(lines).chain(stream::iter(["]}".to_owned()]));
    let mut response = Response::new(Body::from_stream(whole.map(Ok::<_, std::convert::Infallible>)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply::JSON));
    reply::mark_replayed(&mut response, replayed);
    response
}

fn line<'a>(kind: &Kind, result: &'a RecordResult, request_id: &'a str) -> Line<'a> {
    let line = result.line;
    match &result.done {
        Ok((outcome, id)) => {
            Line::Done { line, outcome: outcome.word(), id: steerco_domain::id::encode(kind.prefix, *id) }
        }
        Err(error) => Line::Refused { line, error: Problem::new(error, request_id) },
    }
}
