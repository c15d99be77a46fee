//! Actuals over gRPC: batches posted, and what became of their lines.

use futures::{StreamExt, stream};
use prost::Message;
use serde_json::{Map, Value};
use steerco_domain::actuals_batch::{
    ActualsBatch, ActualsProgress, ActualsStatus, LINES_MAX, PostActualsBatch, ReclassifyActuals,
};
use steerco_domain::actuals_line::{ActualsLine, RawLine};
use steerco_domain::input::read_input;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, actuals_batch_fields, post_actuals_batch_fields, reclassify_actuals_fields};
use steerco_proto::v1 as pb;
use steerco_service::{LineResult, PostedBatch, STREAM_BYTES_MAX, Service, results_on_page};
use tonic::{Request, Response, Streaming};

use super::attachment::unread;
use super::bridge::{Bridge, Listed, Writing};
use super::call::{Answer, Call, answer, page_size, set};
use super::macros::resource_wire;
use super::wire::{Scalar, put};
use super::{Door, limited, serve};
use crate::rest::actuals::check_name;

actuals_batch_fields!(resource_wire);

/// A message of this door as the JSON that the domain reads; `validate_only` apart.
macro_rules! act_wire {
    ([$read:ident $request:ident] $name:ident { $($field:ident),* }) => {
        fn $read(message: pb::$request) -> (Map<String, Value>, bool) {
            let pb::$request { $($field,)* validate_only } = message;
            let map = Map::new();
            $(let map = put(map, stringify!($field), |it: &$name| &it.$field, $field);)*
            (map, validate_only)
        }
    };
}
pub(super) use act_wire;
post_actuals_batch_fields!(act_wire read_batch CreateActualsBatchRequest);
reclassify_actuals_fields!(act_wire read_reclassify ReclassifyActualsRequest);

/// The service of actuals.
pub(super) fn server(door: &Door) -> pb::actuals_batch_service_server::ActualsBatchServiceServer<Door> {
    limited!(pb::actuals_batch_service_server::ActualsBatchServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::actuals_batch_service_server::ActualsBatchService for Door {
    async fn create_actuals_batch(
        &self,
        request: Request<pb::CreateActualsBatchRequest>,
    ) -> Answer<pb::PostedActualsBatch> {
        answer(request, async |call, body| {
            let (body, validate_only) = read_batch(body);
            let context = call.context(validate_only, None)?;
            let batch: PostActualsBatch = read_input(&body)?;
            Ok(posted(&self.0.post_actuals(&context, batch).await?))
        })
        .await
    }

    async fn import_actuals(
        &self,
        request: Request<Streaming<pb::ImportActualsRequest>>,
    ) -> Answer<pb::PostedActualsBatch> {
        answer(request, |call, messages| import(&self.0, call, messages)).await
    }

    async fn reclassify_actuals(
        &self,
        request: Request<pb::ReclassifyActualsRequest>,
    ) -> Answer<pb::PostedActualsBatch> {
        answer(request, async |call, body| {
            let (body, validate_only) = read_reclassify(body);
            let context = call.context(validate_only, None)?;
            let act: ReclassifyActuals = read_input(&body)?;
            Ok(posted(&self.0.reclassify_actuals(&context, act).await?))
        })
        .await
    }

    async fn get_actuals_progress(
        &self,
        request: Request<pb::GetActualsProgressRequest>,
    ) -> Answer<pb::ActualsProgress> {
        answer(request, async |call, body| {
            let pb::GetActualsProgressRequest { source, batch_ref } = body;
            check_name(&source, &batch_ref)?;
            Ok(progress(self.0.actuals_progress(&call.caller, &source, &batch_ref).await?))
        })
        .await
    }

    async fn list_actuals_results(
        &self,
        request: Request<pb::ListActualsResultsRequest>,
    ) -> Answer<pb::ListActualsResultsResponse> {
        answer(request, |call, body| list_results(&self.0, call, body)).await
    }
}

async fn import(
    service: &Service,
    call: Call,
    mut messages: Streaming<pb::ImportActualsRequest>,
) -> Result<Response<pb::PostedActualsBatch>, Error> {
    service.may_post_actuals(&call.caller).await?;
    let first = messages.message().await.map_err(|status| unread(&status))?.unwrap_or_default();
    let pb::ImportActualsRequest { header, lines } = first;
    let missing = || Error::fault("/header", "REQUIRED", "the first message says what the batch is");
    let (body, validate_only) = read_batch(header.ok_or_else(missing)?);
    let context = call.context(validate_only, None)?;
    let header: PostActualsBatch = read_input(&body)?;
    let rest = messages.map(|message| {
        let pb::ImportActualsRequest { header, lines } = message.map_err(|status| unread(&status))?;
        match header {
            None => raw(lines),
            Some(_) => Err(Error::fault("/header", "DOES_NOT_FIT", "only the first message has a header")),
        }
    });
    let mut size = 0;
    let mut lines = Box::pin(stream::iter([raw(lines)]).chain(rest).map(move |lines| {
        let (bytes, lines) = lines?;
        size += bytes;
        let detail = || format!("the lines of a batch may have {STREAM_BYTES_MAX} bytes");
        if size > STREAM_BYTES_MAX { Err(Error::new(Reason::TooLarge, detail())) } else { Ok(lines) }
    }));
    Ok(posted(&service.import_actuals(&context, header, &mut lines).await?))
}

/// The lines of a message, and the bytes they had.
fn raw(lines: Vec<pb::ActualsLine>) -> Result<(u64, Vec<RawLine>), Error> {
    if lines.len() > LINES_MAX {
        return Err(Error::new(Reason::TooLarge, format!("a message has at most {LINES_MAX} lines")));
    }
    let bytes = lines.iter().map(|line| line.encoded_len() as u64).sum();
    let raw = |line| RawLine { at: None, read: Ok(ActualsLine::json(line)) };
    Ok((bytes, lines.into_iter().map(raw).collect()))
}

async fn list_results(
    service: &Service,
    call: Call,
    body: pb::ListActualsResultsRequest,
) -> Result<Response<pb::ListActualsResultsResponse>, Error> {
    let pb::ListActualsResultsRequest { id, after_line, page_size: size } = body;
    if after_line < 0 {
        return Err(Error::fault("?after_line", "OUT_OF_RANGE", "must be a whole number from 0 to 1000000"));
    }
    let size = results_on_page(page_size(size))?;
    let (results, more_after_line) = service.page_of_results(&call.caller, &id, after_line.into(), size).await?;
    Ok(Response::new(pb::ListActualsResultsResponse { results: results.iter().map(result).collect(), more_after_line }))
}

fn progress(progress: ActualsProgress) -> Response<pb::ActualsProgress> {
    let ActualsProgress { source, batch_ref, state, lines_received, lines_done, .. } = progress;
    Response::new(pb::ActualsProgress {
        source,
        batch_ref,
        state: state.out(),
        lines_received,
        lines_done,
        started_at: Some(progress.started_at.out()),
        updated_at: Some(progress.updated_at.out()),
        actuals_batch_id: progress.actuals_batch_id.map(|id| id.out()),
    })
}

fn posted(posted: &PostedBatch) -> Response<pb::PostedActualsBatch> {
    let PostedBatch { written, results, more_after } = posted;
    let message = pb::PostedActualsBatch {
        actuals_batch: Some(written.seen.resource.to_pb(written.seen.mask)),
        results: results.iter().map(result).collect(),
        more_after_line: *more_after,
    };
    let mut response = Response::new(message);
    set(&mut response, "etag", &format!("\"{}\"", written.seen.etag));
    serve::mark(&mut response, written.outcome, written.replayed);
    response
}

fn result(result: &LineResult) -> pb::ActualsResult {
    let LineResult { line, external_id, status, reason, detail, entry_id, possible_repeat } = result.clone();
    pb::ActualsResult {
        line,
        external_id,
        status: ActualsStatus::from_word(&status).map_or(0, |status| status.out()),
        reason,
        detail,
        ledger_entry_id: entry_id,
        possible_repeat,
    }
}

