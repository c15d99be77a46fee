//! Streams of upserts over gRPC: any number of records in, a result for each out.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use steerco_domain::resource::Kind;
use steerco_proto::v1 as pb;
use steerco_service::{RecordResult, Upserted};
use tonic::Status;

use super::serve::{outcome_pb, problem};

/// Results a message has at most.
const RESULTS_MAX: usize = 1_000;

/// What became of the records, in messages.
pub(super) type Results = Pin<Box<dyn Stream<Item = Result<pb::UpsertedRecords, Status>> + Send>>;

pub(super) fn results(kind: &'static Kind, done: Upserted) -> Results {
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
    let rest = stream::iter(done.results).map(move |done| result(kind, done)).chunks(RESULTS_MAX);
    let rest = rest.map(|results| Ok(pb::UpsertedRecords { counts: None, results }));
    Box::pin(stream::iter([Ok(first)]).chain(rest))
}

fn result(kind: &Kind, RecordResult { line, done }: RecordResult) -> pb::UpsertedRecord {
    let line = line.into();
    match done {
        Ok((outcome, id)) => {
            let id = steerco_domain::id::encode(kind.prefix, id);
            pb::UpsertedRecord { line, outcome: outcome_pb(outcome).into(), id, error: None }
        }
        Err(error) => pb::UpsertedRecord { line, outcome: 0, id: String::new(), error: Some(problem(*error)) },
    }
}
