//! Streams of upserts over gRPC: any number of records in, a result for each out.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_proto::v1 as pb;
use steerco_service::{Part, Record, RecordResult, Service, UpsertHeader, Upserted};
use tonic::{Response, Status, Streaming};

use super::attachment::unread;
use super::bridge::{Bridge, Upserting, Upserts, upsert_body};
use super::call::{Call, set};
use super::serve::{of_whole_batch, outcome_pb, problem};

/// Results a message has at most.
const RESULTS_MAX: usize = 1_000;

/// What became of the records, in messages.
pub(super) type Results = Pin<Box<dyn Stream<Item = Result<pb::UpsertedRecords, Status>> + Send>>;

pub(super) async fn upsert_many<R: Bridge, M: Into<Upserts<R::Pb>> + Send + 'static>(
    service: &Service,
    call: Call,
    mut messages: Streaming<M>,
) -> Result<Response<Results>, Error> {
    let missing = || Error::fault("/header", "REQUIRED", "the first message says what the stream is");
    let first = messages.message().await.map_err(|status| unread(&status))?.ok_or_else(missing)?;
    let Upserts { header, records, end } = first.into();
    let pb::UpsertHeader { source, partial, validate_only } = header.ok_or_else(missing)?;
    let context = call.context(validate_only, None)?;
    let first = stream::iter([Ok(Upserts { header: None, records, end })]);
    let rest = messages.map(|message| message.map(Into::into).map_err(|status| unread(&status)));
    let mut line = 0;
    let parts = first.chain(rest).map(move |message| parts::<R>(message, &mut line));
    let mut parts = Box::pin(parts.flat_map(stream::iter));
    let header = UpsertHeader { source, partial };
    let done = service.upsert_many(R::KIND, &context, header, &mut parts).await?;
    let replayed = done.replayed;
    let mut response = Response::new(results::<R>(done));
    if replayed {
        set(&mut response, "idempotency-replayed", "true");
    }
    Ok(response)
}

/// What a message after the first brings.
fn parts<R: Bridge>(message: Result<Upserts<R::Pb>, Error>, line: &mut u32) -> Vec<Result<Part, Error>> {
    let Upserts { header, records, end } = match message {
        Ok(message) => message,
        Err(error) => return vec![Err(error)],
    };
    if header.is_some() {
        return vec![Err(Error::fault("/header", "DOES_NOT_FIT", "only the first message has a header"))];
    }
    let numbered = |upserting| {
        *line = line.saturating_add(1);
        Ok(Part::Record(*line, record::<R>(upserting)))
    };
    let mut parts: Vec<_> = records.into_iter().map(numbered).collect();
    parts.extend(end.map(|end| match u64::try_from(end.count) {
        Ok(count) => Ok(Part::End(count)),
        Err(_) => Err(Error::fault("/end/count", "OUT_OF_RANGE", "must not be negative")),
    }));
    parts
}

fn record<R: Bridge>(upserting: Upserting<R::Pb>) -> Result<Record, Error> {
    let Upserting { source_record, writing } = upserting;
    of_whole_batch(writing.validate_only, writing.effective_at.is_some())?;
    let pb::SourceRecord { source, external_id, source_version } = source_record.unwrap_or_default();
    if !source.is_empty() {
        return Err(Error::fault("/source_record/source", "DOES_NOT_FIT", "the header says the source of all records"));
    }
    let body: Map<String, Value> = upsert_body::<R>(writing.resource, writing.update_mask)?;
    Ok(Record { external_id, source_version, body })
}

fn results<R: Bridge>(done: Upserted) -> Results {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = pb::UpsertedCounts {
        records: number(done.records),
        created: number(done.created),
        updated: number(done.updated),
        unchanged: number(done.unchanged),
        stale: number(done.stale),
        refused: number(done.refused),
    };
    let first = pb::UpsertedRecords { counts: Some(counts), results: Vec::new() };
    let rest = stream::iter(done.results).map(result::<R>).chunks(RESULTS_MAX);
    let rest = rest.map(|results| Ok(pb::UpsertedRecords { counts: None, results }));
    Box::pin(stream::iter([Ok(first)]).chain(rest))
}

fn result<R: Bridge>(RecordResult { line, done }: RecordResult) -> pb::UpsertedRecord {
    let line = line.into();
    match done {
        Ok((outcome, id)) => {
            let id = steerco_domain::id::encode(R::KIND.prefix, id);
            pb::UpsertedRecord { line, outcome: outcome_pb(outcome).into(), id, error: None }
        }
        Err(error) => pb::UpsertedRecord { line, outcome: 0, id: String::new(), error: Some(problem(*error)) },
    }
}
