//! Rpcs of which a side is a stream: contents and files, lines of actuals, the feed.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt, future, stream};
use serde_json::Value;
use steerco_domain::actuals_batch::{LINES_MAX, PostActualsBatch};
use steerco_domain::actuals_line::RawLine;
use steerco_domain::encode::MemberEncoder;
use steerco_domain::export::ExportFormat;
use steerco_domain::input::read_input;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason};
use steerco_proto::table::Rpc;
use steerco_service::operation::Answered;
use steerco_service::{Caller, Context, STREAM_BYTES_MAX, Service, Written};
use tokio::time::Instant;
use tonic::{Code, Response, Status};

use super::MESSAGE_MAX;
use super::answers::{Object, mark, set_etag};
use super::call::{Call, Deadline};
use super::decode::decode;
use super::encode::{Encoded, chunk, encode};
use super::gate::expired;
use super::request::Members;
use super::standard::{read, written};
use super::transport::{Answers, Messages};
use crate::export::{Exported, export_kind};
use crate::problem::to_status;

/// The response of a streaming rpc, or its error.
pub(super) type Streamed = Result<Response<Answers>, Error>;

/// The next message of a stream.
pub(super) async fn first(messages: &mut Messages) -> Result<Option<Bytes>, Error> {
    messages.message().await.map_err(|status| unread(&status))
}

/// The only message of a request.
async fn only(rpc: &Rpc, messages: &mut Messages) -> Result<Members, Error> {
    let missing = || Error::new(Reason::Malformed, "the request has no message");
    read(rpc, &first(messages).await?.ok_or_else(missing)?)
}

/// Why a message could not be read, in our own words.
pub(super) fn unread(status: &Status) -> Error {
    match status.code() {
        Code::OutOfRange => Error::new(Reason::TooLarge, format!("a message has at most {MESSAGE_MAX} bytes")),
        _ => Error::new(Reason::Malformed, "the stream broke off, or what it brought is no message"),
    }
}

/// The one answer of an rpc that reads a stream.
fn once(response: Response<Encoded>) -> Response<Answers> {
    response.map(|message| stream::iter([Ok(message)]).boxed())
}

/// Ends a stream of answers at the deadline of its call.
fn timely(answers: Answers, deadline: Option<Deadline>, request_id: &str) -> Answers {
    match deadline {
        Some(Deadline(end)) => until(answers, end, to_status(&expired(), request_id)).boxed(),
        None => answers,
    }
}

/// The stream, ended with a status at the deadline.
fn until<T>(
    stream: impl Stream<Item = Result<T, Status>>,
    end: Instant,
    status: Status,
) -> impl Stream<Item = Result<T, Status>> {
    let last = stream::once(async move { (Instant::now() >= end).then_some(Err(status)) });
    stream.take_until(tokio::time::sleep_until(end)).chain(last.filter_map(future::ready))
}

// ---- contents and files ----

/// Bytes a piece may have.
const CHUNK_MAX: usize = 1 << 20;
/// Bytes of a piece of a schedule.
const SCHEDULE_CHUNK: usize = 64 * 1024;

type Pieces = BoxStream<'static, Result<Bytes, Error>>;

pub(super) async fn upload_attachment(rpc: &'static Rpc, service: Service, call: Call, messages: Messages) -> Streamed {
    let store = move |context, id: String, size, mut pieces| {
        async move { service.upload(&context, &id, size, &mut pieces).await }.boxed()
    };
    upload(rpc, call, messages, store).await
}

pub(super) async fn upload_import(rpc: &'static Rpc, service: Service, call: Call, messages: Messages) -> Streamed {
    let store = move |context, id: String, size, mut pieces| {
        async move { service.upload_import(&context, &id, size, &mut pieces).await }.boxed()
    };
    upload(rpc, call, messages, store).await
}

async fn upload(
    rpc: &'static Rpc,
    call: Call,
    mut messages: Messages,
    store: impl FnOnce(Context, String, Option<u64>, Pieces) -> BoxFuture<'static, Result<Written, Error>>,
) -> Streamed {
    let begin = first(&mut messages).await?.unwrap_or_default();
    let (mut body, piece) = with_piece(rpc, &begin)?;
    let (id, size) = (body.text("id"), body.count("size_bytes")?);
    let context = call.context(body.flag("validate_only"), None);
    let rest = messages.map(move |message| {
        let (body, piece) = with_piece(rpc, &message.map_err(|status| unread(&status))?)?;
        if body.0.is_empty() {
            Ok(piece)
        } else {
            Err(Error::fault("/id", "DOES_NOT_FIT", "only the first message says more than a piece"))
        }
    });
    let pieces = stream::iter([Ok(piece)]).chain(rest).boxed();
    Ok(once(written(rpc, &store(context, id, size, pieces).await?)))
}

/// A message and the piece of a content that it brings.
fn with_piece(rpc: &Rpc, message: &Bytes) -> Result<(Members, Bytes), Error> {
    let broken = |why| Error::new(Reason::Malformed, format!("failed to decode Protobuf message: {why}"));
    let decoded = decode(rpc.input, message).map_err(broken)?;
    if decoded.chunk.len() > CHUNK_MAX {
        return Err(Error::new(Reason::TooLarge, format!("a piece has at most {CHUNK_MAX} bytes")));
    }
    Ok((Members(decoded.object), decoded.chunk))
}

pub(super) async fn download(rpc: &'static Rpc, service: Service, call: Call, mut messages: Messages) -> Streamed {
    let id = only(rpc, &mut messages).await?.text("id");
    let found = service.download(&call.caller, &id).await?;
    let size = found.size;
    let pieces = pieces(rpc, service.pieces(found, 0, size), call.request_id.clone());
    Ok(Response::new(timely(pieces, call.deadline, &call.request_id)))
}

/// Pieces as messages.
fn pieces(
    rpc: &'static Rpc,
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    request_id: String,
) -> Answers {
    pieces
        .map(move |piece| match piece {
            Ok(bytes) => Ok(chunk(rpc.output, &bytes)),
            Err(error) => Err(to_status(&error, &request_id)),
        })
        .boxed()
}

pub(super) async fn export(rpc: &'static Rpc, service: Service, call: Call, mut messages: Messages) -> Streamed {
    let mut body = only(rpc, &mut messages).await?;
    let (kind, format) = (body.text("kind"), ExportFormat::from_word(&body.text("format")));
    let missing = || Error::fault("?format", "REQUIRED", format!("is required: one of {}", ExportFormat::choices()));
    let exported = export_kind(&service, &call.caller, &kind, body.list_args()?, format.ok_or_else(missing)?).await?;
    let Exported { sync_token, pieces: content, .. } = exported;
    let begin =
        encode(rpc.output, &Object(|members: &mut dyn MemberEncoder| members.member("sync_token", &sync_token)));
    let answers = stream::iter([Ok(begin)]).chain(pieces(rpc, content, call.request_id.clone())).boxed();
    Ok(Response::new(timely(answers, call.deadline, &call.request_id)))
}

pub(super) async fn export_schedule(
    rpc: &'static Rpc,
    service: Service,
    call: Call,
    mut messages: Messages,
) -> Streamed {
    let project = only(rpc, &mut messages).await?.text("project_id");
    let (text, _) = service.schedule_as_mspdi(&call.caller, &project).await?;
    let messages: Vec<_> = text.as_bytes().chunks(SCHEDULE_CHUNK).map(|bytes| Ok(chunk(rpc.output, bytes))).collect();
    Ok(Response::new(stream::iter(messages).boxed()))
}

// ---- actuals ----

pub(super) async fn import_actuals(
    rpc: &'static Rpc,
    service: Service,
    call: Call,
    mut messages: Messages,
) -> Streamed {
    service.may_post_actuals(&call.caller).await?;
    let begin = first(&mut messages).await?.unwrap_or_default();
    let mut body = read(rpc, &begin)?;
    let missing = || Error::fault("/header", "REQUIRED", "the first message says what the batch is");
    let mut header = body.message("header").ok_or_else(missing)?;
    let context = call.context(header.flag("validate_only"), None);
    let header: PostActualsBatch = read_input(&header.0)?;
    let rest = messages.map(move |message| {
        let message = message.map_err(|status| unread(&status))?;
        let mut body = read(rpc, &message)?;
        match body.message("header") {
            None => lines(&mut body, message.len()),
            Some(_) => Err(Error::fault("/header", "DOES_NOT_FIT", "only the first message has a header")),
        }
    });
    let mut size = 0;
    let mut lines = Box::pin(stream::iter([lines(&mut body, begin.len())]).chain(rest).map(move |lines| {
        let (bytes, lines) = lines?;
        size += bytes as u64;
        let detail = || format!("the lines of a batch may have {STREAM_BYTES_MAX} bytes");
        if size > STREAM_BYTES_MAX { Err(Error::new(Reason::TooLarge, detail())) } else { Ok(lines) }
    }));
    let posted: Answered = service.import_actuals(&context, header, &mut lines).await?.into();
    let mut response = Response::new(encode(rpc.output, &*posted.body));
    posted.etag.iter().for_each(|etag| set_etag(&mut response, etag));
    posted.outcome.iter().for_each(|outcome| mark(&mut response, *outcome, posted.replayed));
    Ok(once(response))
}

/// The lines of a message, and the bytes it has.
fn lines(body: &mut Members, bytes: usize) -> Result<(usize, Vec<RawLine>), Error> {
    let lines = body.list("lines");
    if lines.len() > LINES_MAX {
        return Err(Error::new(Reason::TooLarge, format!("a message has at most {LINES_MAX} lines")));
    }
    let raw = |line: Value| RawLine { at: None, read: Ok(line) };
    Ok((bytes, lines.into_iter().map(raw).collect()))
}

// ---- the feed ----

pub(super) async fn watch(rpc: &'static Rpc, service: Service, call: Call, mut messages: Messages) -> Streamed {
    let args = only(rpc, &mut messages).await?.event_args()?;
    let Call { caller, request_id, deadline, .. } = call;
    Ok(Response::new(timely(pages(rpc, &service, caller, args, request_id.clone()), deadline, &request_id)))
}

fn pages(
    rpc: &'static Rpc,
    service: &Service,
    caller: Caller,
    args: steerco_service::EventArgs,
    request_id: String,
) -> Answers {
    let pages = service.watch(caller, args).map(move |page| match page {
        // Its `more` has no place in the message of a stream.
        Ok(page) => Ok(encode(rpc.output, &page)),
        Err(error) => Err(to_status(&error, &request_id)),
    });
    pages.boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_ends_at_its_deadline() {
        let end = Instant::now() + std::time::Duration::from_millis(300);
        let ticks = stream::unfold(0, |n| async move {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Some((Ok(n), n + 1))
        });
        let seen: Vec<_> = until(ticks, end, Status::deadline_exceeded("")).collect().await;
        assert!(seen.len() > 1 && seen.last().unwrap().as_ref().unwrap_err().code() == tonic::Code::DeadlineExceeded);
        let short = stream::iter([Ok(1)]);
        let seen: Vec<_> = until(short, end + std::time::Duration::from_secs(9), Status::ok("")).collect().await;
        assert_eq!(seen.len(), 1);
    }
}
