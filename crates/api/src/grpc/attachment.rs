//! Attachments over gRPC, and their contents as streams.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use steerco_domain::attachment::Attachment;
use steerco_domain::{Error, Reason, attachment_fields};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::{Code, Response, Status, Streaming};

use super::MESSAGE_MAX;
use super::call::{Call, Deadline};
use super::event::until;
use super::gate::expired;
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;
use crate::problem::to_status;

/// Bytes a piece may have.
const CHUNK_MAX: usize = 1 << 20;

type Pieces = Pin<Box<dyn Stream<Item = Result<pb::DownloadAttachmentResponse, Status>> + Send>>;

attachment_fields!(resource_wire);
attachment_fields!(resource_service verbs {} others {
    async fn upload_attachment(
        &self,
        request: Request<Streaming<pb::UploadAttachmentRequest>>,
    ) -> Answer<pb::Attachment> {
        answer(request, |call, messages| upload(&self.0, call, messages)).await
    }

    type DownloadAttachmentStream = Pieces;

    async fn download_attachment(&self, request: Request<pb::DownloadAttachmentRequest>) -> Answer<Pieces> {
        answer(request, |call, body| download(&self.0, call, body)).await
    }
});

async fn upload(
    service: &Service,
    call: Call,
    mut messages: Streaming<pb::UploadAttachmentRequest>,
) -> Result<Response<pb::Attachment>, Error> {
    let first = messages.message().await.map_err(|status| unread(&status))?.unwrap_or_default();
    let pb::UploadAttachmentRequest { id, size_bytes, validate_only, chunk } = first;
    let context = call.context(validate_only, None)?;
    let below = |_| Error::fault("/size_bytes", "OUT_OF_RANGE", "must not be negative");
    let announced = size_bytes.map(u64::try_from).transpose().map_err(below)?;
    let rest = messages.map(|message| piece(message.map_err(|status| unread(&status))?));
    let mut pieces = Box::pin(stream::iter([check(chunk)]).chain(rest));
    written::<Attachment>(&service.upload(&context, &id, announced, &mut pieces).await?)
}

/// The piece in a message after the first, which says nothing else.
fn piece(message: pb::UploadAttachmentRequest) -> Result<Bytes, Error> {
    let pb::UploadAttachmentRequest { id, size_bytes, validate_only, chunk } = message;
    if !id.is_empty() || size_bytes.is_some() || validate_only {
        return Err(Error::fault("/id", "DOES_NOT_FIT", "only the first message says more than a piece"));
    }
    check(chunk)
}

pub(super) fn check(chunk: Vec<u8>) -> Result<Bytes, Error> {
    if chunk.len() > CHUNK_MAX {
        return Err(Error::new(Reason::TooLarge, format!("a piece has at most {CHUNK_MAX} bytes")));
    }
    Ok(chunk.into())
}

/// A message that could not be read, in our own words.
pub(super) fn unread(status: &Status) -> Error {
    match status.code() {
        Code::OutOfRange => Error::new(Reason::TooLarge, format!("a message has at most {MESSAGE_MAX} bytes")),
        _ => Error::new(Reason::Malformed, "the stream broke off, or what it brought is no message"),
    }
}

async fn download(
    service: &Service,
    call: Call,
    body: pb::DownloadAttachmentRequest,
) -> Result<Response<Pieces>, Error> {
    let found = service.download(&call.caller, &body.id).await?;
    let size = found.size;
    let id = call.request_id.clone();
    let pieces = service.pieces(found, 0, size);
    let pieces = pieces.map_ok(|bytes| pb::DownloadAttachmentResponse { chunk: bytes.into() });
    let pieces = pieces.map_err(move |error| to_status(&error, &id));
    let pieces: Pieces = match call.deadline {
        Some(Deadline(end)) => Box::pin(until(pieces, end, to_status(&expired(), &call.request_id))),
        None => Box::pin(pieces),
    };
    Ok(Response::new(pieces))
}
