//! Streams of upserts: any number of records in, a result for each out.

use bytes::Bytes;
use futures::{StreamExt, stream};
use steerco_domain::Error;
use steerco_domain::encode::MemberEncoder;
use steerco_domain::resource::Kind;
use steerco_proto::table::{Message, Rpc};
use steerco_service::{Part, Record, Service, UpsertHeader, Upserted};
use tonic::Response;

use super::answers::{CountsOf, Items, Object, REPLAYED, RecordOf};
use super::call::{Call, set};
use super::encode::encode;
use super::request::Members;
use super::standard::{read, refuse_of_whole, source_record, upserted};
use super::streams::{first, unread};
use super::transport::{Answers, Messages};
use crate::problem::log_failures;

/// Results a message has at most.
const RESULTS_MAX: usize = 1_000;

pub(super) async fn upsert_many(
    rpc: &'static Rpc,
    kind: &'static Kind,
    service: Service,
    call: Call,
    mut messages: Messages,
) -> Result<Response<Answers>, Error> {
    let missing = || Error::fault("/header", "REQUIRED", "the first message says what the stream is");
    let mut begin = read(rpc, &first(&mut messages).await?.ok_or_else(missing)?)?;
    let mut header = begin.message("header").ok_or_else(missing)?;
    let context = call.context(header.flag("validate_only"), None);
    let header = UpsertHeader { source: header.text("source"), partial: header.flag("partial") };
    let rest = messages.map(move |message| part_of(rpc, &message.map_err(|status| unread(&status))?));
    let mut line = 0;
    let parts = stream::iter([Ok(begin)]).chain(rest).map(move |message| parts(kind, message, &mut line));
    let mut parts = Box::pin(parts.flat_map(stream::iter));
    let done = service.upsert_many(kind, &context, header, &mut parts).await?;
    let replayed = done.replayed;
    let mut response = Response::new(results(rpc.output, kind, done));
    if replayed {
        set(&mut response, REPLAYED, "true");
    }
    Ok(response)
}

/// A message after the first.
fn part_of(rpc: &Rpc, message: &Bytes) -> Result<Members, Error> {
    let message = read(rpc, message)?;
    if message.0.contains_key("header") {
        return Err(Error::fault("/header", "DOES_NOT_FIT", "only the first message has a header"));
    }
    Ok(message)
}

fn parts(kind: &'static Kind, message: Result<Members, Error>, line: &mut u32) -> Vec<Result<Part, Error>> {
    let mut message = match message {
        Ok(message) => message,
        Err(error) => return vec![Err(error)],
    };
    let numbered = |body| {
        *line = line.saturating_add(1);
        Ok(Part::Record(*line, record(kind, body)))
    };
    let mut parts: Vec<_> = message.messages("records").map(numbered).collect();
    if let Some(mut end) = message.message("end") {
        let count = end.count("count").map_err(|_| Error::fault("/end/count", "OUT_OF_RANGE", "must not be negative"));
        parts.push(count.map(|count| Part::End(count.unwrap_or_default())));
    }
    parts
}

fn record(kind: &'static Kind, mut body: Members) -> Result<Record, Error> {
    refuse_of_whole(&mut body)?;
    let (source, external_id, source_version) = source_record(&mut body);
    if !source.is_empty() {
        return Err(Error::fault("/source_record/source", "DOES_NOT_FIT", "the header says the source of all records"));
    }
    Ok(Record { external_id, source_version, body: upserted(kind, &mut body)? })
}

fn results(message: &'static Message, kind: &'static Kind, done: Upserted) -> Answers {
    log_failures(done.results.iter().filter_map(|result| result.done.as_ref().err().map(AsRef::as_ref)));
    let first = encode(
        message,
        &Object(|members: &mut dyn MemberEncoder| {
            members.member("counts", &CountsOf(&done));
        }),
    );
    let rest = stream::iter(done.results).map(move |result| RecordOf(kind, result)).chunks(RESULTS_MAX);
    let rest = rest.map(move |results| {
        let results = Items(results);
        encode(
            message,
            &Object(|members: &mut dyn MemberEncoder| {
                members.member("results", &results);
            }),
        )
    });
    stream::iter([first]).chain(rest).map(Ok).boxed()
}
