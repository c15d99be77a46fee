//! Import jobs over gRPC: their files as streams, their runs and reports.

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::Map;
use steerco_domain::error::Fault;
use steerco_domain::import_job::{ApplyImportJob, CheckImportJob, ImportJob};
use steerco_domain::list::parse_page_size;
use steerco_domain::resource::Verb;
use steerco_domain::{Error, import_job_fields};
use steerco_proto::v1 as pb;
use steerco_service::{ImportRecord, PIECE_RECORDS, Service};
use tonic::{Response, Streaming};

use super::attachment::{check, unread};
use super::call::{Call, page_size};
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;
use super::wire::Scalar;

import_job_fields!(resource_wire);
import_job_fields!(resource_service verbs {} others {
    async fn check_import_job(&self, request: Request<pb::CheckImportJobRequest>) -> Answer<pb::ImportJob> {
        answer(request, |call, body| start::<CheckImportJob>(&self.0, call, body.id, body.validate_only)).await
    }

    async fn apply_import_job(&self, request: Request<pb::ApplyImportJobRequest>) -> Answer<pb::ImportJob> {
        answer(request, |call, body| start::<ApplyImportJob>(&self.0, call, body.id, body.validate_only)).await
    }

    async fn upload_import_job(
        &self,
        request: Request<Streaming<pb::UploadImportJobRequest>>,
    ) -> Answer<pb::ImportJob> {
        answer(request, |call, messages| upload(&self.0, call, messages)).await
    }

    async fn list_import_records(
        &self,
        request: Request<pb::ListImportRecordsRequest>,
    ) -> Answer<pb::ListImportRecordsResponse> {
        answer(request, |call, body| list_records(&self.0, call, body)).await
    }
});

async fn start<V: Verb<On = ImportJob>>(
    service: &Service,
    call: Call,
    id: String,
    validate_only: bool,
) -> Result<Response<pb::ImportJob>, Error> {
    let context = call.context(validate_only, None)?;
    written::<ImportJob>(&service.start_import::<V>(&context, &id, Map::new()).await?)
}

async fn upload(
    service: &Service,
    call: Call,
    mut messages: Streaming<pb::UploadImportJobRequest>,
) -> Result<Response<pb::ImportJob>, Error> {
    let first = messages.message().await.map_err(|status| unread(&status))?.unwrap_or_default();
    let pb::UploadImportJobRequest { id, size_bytes, validate_only, chunk } = first;
    let context = call.context(validate_only, None)?;
    let below = |_| Error::fault("/size_bytes", "OUT_OF_RANGE", "must not be negative");
    let announced = size_bytes.map(u64::try_from).transpose().map_err(below)?;
    let rest = messages.map(|message| piece(message.map_err(|status| unread(&status))?));
    let mut pieces = Box::pin(stream::iter([check(chunk)]).chain(rest));
    written::<ImportJob>(&service.upload_import(&context, &id, announced, &mut pieces).await?)
}

/// The piece in a message after the first, which says nothing else.
fn piece(message: pb::UploadImportJobRequest) -> Result<Bytes, Error> {
    let pb::UploadImportJobRequest { id, size_bytes, validate_only, chunk } = message;
    if !id.is_empty() || size_bytes.is_some() || validate_only {
        return Err(Error::fault("/id", "DOES_NOT_FIT", "only the first message says more than a piece"));
    }
    check(chunk)
}

async fn list_records(
    service: &Service,
    call: Call,
    body: pb::ListImportRecordsRequest,
) -> Result<Response<pb::ListImportRecordsResponse>, Error> {
    let pb::ListImportRecordsRequest { id, after_record, page_size: size } = body;
    if after_record < 0 {
        return Err(Error::fault("?after_record", "OUT_OF_RANGE", "must be a whole number from 0 to 2000000000"));
    }
    let size = match page_size(size) {
        None => PIECE_RECORDS,
        given => usize::try_from(parse_page_size(given).map_err(|fault| Error::invalid(vec![fault]))?)
            .unwrap_or(PIECE_RECORDS),
    };
    let (records, more_after_record) = service.page_of_import(&call.caller, &id, after_record.into(), size).await?;
    let records = records.into_iter().map(record).collect();
    Ok(Response::new(pb::ListImportRecordsResponse { records, more_after_record }))
}

fn record(record: ImportRecord) -> pb::ImportRecord {
    let ImportRecord { record, place, kind, external_id, outcome, resource_id, notes, errors } = record;
    let fault = |Fault { pointer, code, detail }| pb::Fault { pointer, code: code.into_owned(), detail };
    pb::ImportRecord {
        record,
        place,
        kind,
        external_id,
        outcome: outcome.out(),
        resource_id,
        notes: notes.into_iter().map(fault).collect(),
        errors: errors.into_iter().map(fault).collect(),
    }
}
