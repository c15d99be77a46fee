//! Lists as files over gRPC.

use std::pin::Pin;

use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::Value;
use steerco_domain::Error;
use steerco_domain::export::ExportFormat;
use steerco_domain::words::Words;
use steerco_proto::v1 as pb;
use steerco_service::{ListArgs, Service};
use tonic::{Request, Response, Status};

use super::call::{Answer, Call, Deadline, answer, given, read_args};
use super::event::until;
use super::gate::expired;
use super::wire::Scalar;
use super::{Door, limited};
use crate::export::{Exported, export_kind};
use crate::problem::to_status;

type Pieces = Pin<Box<dyn Stream<Item = Result<pb::ExportResponse, Status>> + Send>>;

type SchedulePieces = Pin<Box<dyn Stream<Item = Result<pb::ExportScheduleResponse, Status>> + Send>>;

/// Bytes of a piece of a schedule.
const PIECE: usize = 64 * 1024;

/// The service of exports.
pub(super) fn server(door: &Door) -> pb::export_service_server::ExportServiceServer<Door> {
    limited!(pb::export_service_server::ExportServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::export_service_server::ExportService for Door {
    type ExportStream = Pieces;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Answer<Pieces> {
        answer(request, |call, body| export(&self.0, call, body)).await
    }

    type ExportScheduleStream = SchedulePieces;

    async fn export_schedule(&self, request: Request<pb::ExportScheduleRequest>) -> Answer<SchedulePieces> {
        answer(request, async |call: Call, body: pb::ExportScheduleRequest| {
            let (text, _) = self.0.schedule_as_mspdi(&call.caller, &body.project_id).await?;
            let pieces: Vec<_> = text.as_bytes().chunks(PIECE).map(<[u8]>::to_vec).collect();
            let pieces = pieces.into_iter().map(|chunk| Ok(pb::ExportScheduleResponse { chunk }));
            let pieces: SchedulePieces = Box::pin(stream::iter(pieces));
            Ok(Response::new(pieces))
        })
        .await
    }
}

async fn export(service: &Service, call: Call, body: pb::ExportRequest) -> Result<Response<Pieces>, Error> {
    let pb::ExportRequest { kind, format, filter, order_by, fields, show_deleted, as_of, valid_at } = body;
    let format = match ExportFormat::json(format) {
        Value::String(word) => ExportFormat::from_word(&word),
        _ => None,
    };
    let missing = || Error::fault("?format", "REQUIRED", format!("is required: one of {}", ExportFormat::choices()));
    let args = ListArgs {
        filter: given(filter),
        order_by: given(order_by),
        show_deleted,
        read: read_args(as_of, valid_at, fields)?,
        ..ListArgs::default()
    };
    let exported = export_kind(service, &call.caller, &kind, args, format.ok_or_else(missing)?).await?;
    let Exported { sync_token, pieces, .. } = exported;
    let id = call.request_id.clone();
    let first = pb::ExportResponse { sync_token, chunk: Vec::new() };
    let pieces = pieces.map_ok(|bytes| pb::ExportResponse { chunk: bytes.into(), sync_token: String::new() });
    let pieces = stream::iter([Ok(first)]).chain(pieces.map_err(move |error| to_status(&error, &id)));
    let pieces: Pieces = match call.deadline {
        Some(Deadline(end)) => Box::pin(until(pieces, end, to_status(&expired(), &call.request_id))),
        None => Box::pin(pieces),
    };
    Ok(Response::new(pieces))
}
