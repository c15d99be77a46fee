//! Any number of records by the caller's own ids, in one stream.

use std::sync::{Arc, OnceLock};

use futures::{Stream, StreamExt, stream};
use prost::Message;
use prost_types::FieldMask;
use steerco_proto::Resource;
use steerco_proto::v1::{SourceRecord, UpsertEnd, UpsertHeader, UpsertedCounts, UpsertedRecord, UpsertedRecords};
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic_prost::ProstCodec;

use crate::{Client, Error, MESSAGE_MAX, path, retry};

/// Records of a message at most.
const PART_RECORDS: usize = 1_000;
/// Bytes of a message above which it takes no further record: far below what the service reads.
const PART_BYTES: usize = 1 << 20;

/// A record to upsert.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    external_id: String,
    source_version: Option<i64>,
    resource: Vec<u8>,
    fields: Vec<String>,
}

impl Record {
    /// A resource by the caller's own id: fields that are set are written, the others are left as they are.
    pub fn new<R: Resource>(external_id: impl Into<String>, resource: &R) -> Self {
        Self::encoded(external_id, resource.encode_to_vec())
    }

    /// The same of a resource in its encoded form.
    pub fn encoded(external_id: impl Into<String>, resource: Vec<u8>) -> Self {
        Self { external_id: external_id.into(), source_version: None, resource, fields: Vec::new() }
    }

    /// Version of the record at its source: with one older than the stored one nothing changes.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { source_version: Some(version), ..self }
    }

    /// Writes exactly these fields: one that is not set in the resource is cleared.
    #[must_use]
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { fields: names.into_iter().map(Into::into).collect(), ..self }
    }
}

/// How records are written.
#[derive(Clone, Debug, Default)]
pub struct Upsert {
    /// Code of the source under whose ids all records are written.
    pub source: String,
    /// Whether a refused record leaves the others be; otherwise all is one transaction.
    pub partial: bool,
    /// Checks everything and stores nothing.
    pub validate_only: bool,
    /// Makes equal streams one; drawn when absent.
    pub key: Option<String>,
}

/// What became of a stream of records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upserted {
    /// How many of each outcome.
    pub counts: UpsertedCounts,
    /// One for each record, in their order; of a stream that was done before, the first thousand refusals.
    pub results: Vec<UpsertedRecord>,
    /// Whether it was done before, under this key.
    pub replayed: bool,
}

/// `Upsert{Resource}Request` of any resource. A message within a message is its bytes.
#[derive(Clone, PartialEq, Message)]
struct OneRecord {
    #[prost(message, optional, tag = "1")]
    source_record: Option<SourceRecord>,
    #[prost(bytes = "vec", tag = "2")]
    resource: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    update_mask: Option<FieldMask>,
}

/// `Upsert{Resources}Request` of any resource.
#[derive(Clone, PartialEq, Message)]
struct Part {
    #[prost(message, optional, tag = "1")]
    header: Option<UpsertHeader>,
    #[prost(message, repeated, tag = "2")]
    records: Vec<OneRecord>,
    #[prost(message, optional, tag = "3")]
    end: Option<UpsertEnd>,
}

impl Client {
    /// Creates or changes any number of resources by the caller's own ids. Nothing is written until the stream has come
    /// to its end; `records` gives it anew for each attempt, and all attempts have one effect.
    pub async fn upsert<R: Resource, S>(&self, how: &Upsert, records: impl Fn() -> S) -> Result<Upserted, Error>
    where
        S: Stream<Item = Result<Record, Error>> + Send + 'static,
    {
        self.upsert_at(path(R::ONE, &format!("Upsert{}", R::MANY))?, how, records).await
    }

    /// The same at the path of an rpc, for callers who know the kind only when they run.
    pub async fn upsert_at<S>(
        &self,
        path: PathAndQuery,
        how: &Upsert,
        records: impl Fn() -> S,
    ) -> Result<Upserted, Error>
    where
        S: Stream<Item = Result<Record, Error>> + Send + 'static,
    {
        let key = how.key.clone().unwrap_or_else(retry::key);
        let key = MetadataValue::try_from(key).map_err(|_| Error::Local("the key must be visible ASCII".into()))?;
        let (mut failed, mut renewed) = (0, false);
        loop {
            let broke = Arc::new(OnceLock::new());
            let sent = parts(how, records(), Arc::clone(&broke));
            let error = match self.upsert_once(path.clone(), key.clone(), sent).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if let Some(local) = broke.get() {
                return Err(local.clone());
            }
            if error.is_unauthenticated() && !renewed && self.inner.tokens.renew().await {
                renewed = true;
                continue;
            }
            failed += 1;
            if !error.is_retryable() || failed >= self.inner.retry.attempts {
                return Err(error);
            }
            self.rest(&error, failed).await;
        }
    }

    async fn upsert_once(
        &self,
        path: PathAndQuery,
        key: MetadataValue<Ascii>,
        parts: impl Stream<Item = Part> + Send + 'static,
    ) -> Result<Upserted, Error> {
        let mut request = Request::new(parts);
        request.metadata_mut().insert("idempotency-key", key);
        let mut grpc = Grpc::new(self.clone()).max_decoding_message_size(MESSAGE_MAX);
        let response = grpc.streaming(request, path, ProstCodec::<Part, UpsertedRecords>::default()).await?;
        let replayed = response.metadata().get("idempotency-replayed").is_some_and(|value| value == "true");
        let mut done = Upserted { replayed, ..Upserted::default() };
        let mut messages = response.into_inner();
        while let Some(UpsertedRecords { counts, results }) = messages.message().await? {
            done.counts = counts.unwrap_or(done.counts);
            done.results.extend(results);
        }
        Ok(done)
    }
}

/// The messages of a stream: the header, records in handfuls, and the end, unless the records break off before it.
fn parts(
    how: &Upsert,
    records: impl Stream<Item = Result<Record, Error>> + Send + 'static,
    broke: Arc<OnceLock<Error>>,
) -> impl Stream<Item = Part> + Send + 'static {
    let Upsert { source, partial, validate_only, .. } = how.clone();
    let header = Part { header: Some(UpsertHeader { source, partial, validate_only }), ..Part::default() };
    let rest = stream::unfold(Some((Box::pin(records), 0_i64)), move |state| {
        let broke = Arc::clone(&broke);
        async move {
            let (mut records, mut count) = state?;
            let (mut part, mut bytes) = (Part::default(), 0);
            while part.records.len() < PART_RECORDS && bytes < PART_BYTES {
                match records.next().await {
                    Some(Ok(record)) => {
                        count += 1;
                        bytes += record.resource.len();
                        part.records.push(record.into());
                    }
                    Some(Err(error)) => {
                        let _ = broke.set(error);
                        return None;
                    }
                    None => {
                        part.end = Some(UpsertEnd { count });
                        return Some((part, None));
                    }
                }
            }
            Some((part, Some((records, count))))
        }
    });
    stream::iter([header]).chain(rest)
}

impl From<Record> for OneRecord {
    fn from(record: Record) -> Self {
        let Record { external_id, source_version, resource, fields } = record;
        Self {
            source_record: Some(SourceRecord { source: String::new(), external_id, source_version }),
            resource,
            update_mask: (!fields.is_empty()).then_some(FieldMask { paths: fields }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steerco_proto::v1::{Risk, UpsertRiskRequest, UpsertRisksRequest};

    async fn sent(records: Vec<Result<Record, Error>>) -> (Vec<UpsertRisksRequest>, Option<Error>) {
        let broke = Arc::new(OnceLock::new());
        let how = Upsert { source: "jira".into(), ..Upsert::default() };
        let parts: Vec<Part> = parts(&how, stream::iter(records), Arc::clone(&broke)).collect().await;
        let typed = parts.iter().map(|part| UpsertRisksRequest::decode(&*part.encode_to_vec()).unwrap());
        (typed.collect(), broke.get().cloned())
    }

    #[tokio::test]
    async fn a_stream_is_what_the_contract_says() {
        let risk = Risk { title: "Flood".into(), ..Risk::default() };
        let record = |n: i64| Ok(Record::new(format!("R-{n}"), &risk).version(n).fields(["title", "category"]));
        let (parts, broke) = sent((0..2_500).map(record).collect()).await;
        assert_eq!(parts.iter().map(|part| part.records.len()).collect::<Vec<_>>(), [0, 1_000, 1_000, 500]);
        assert_eq!(parts[0].header.as_ref().map(|header| header.source.as_str()), Some("jira"));
        assert_eq!((parts[3].end, broke), (Some(UpsertEnd { count: 2_500 }), None));
        let UpsertRiskRequest { source_record, risk: read, update_mask, .. } = parts[1].records[7].clone();
        let source_record = source_record.unwrap();
        assert_eq!((source_record.external_id.as_str(), source_record.source_version), ("R-7", Some(7)));
        assert_eq!((read.unwrap(), update_mask.unwrap().paths.len()), (risk, 2));
    }

    #[tokio::test]
    async fn what_breaks_off_has_no_end() {
        let record = Record::new("R-1", &Risk::default());
        let (parts, broke) = sent(vec![Ok(record), Err(Error::Local("the disk is gone".into()))]).await;
        assert!(parts.iter().all(|part| part.end.is_none()));
        assert_eq!(broke, Some(Error::Local("the disk is gone".into())));
    }
}
