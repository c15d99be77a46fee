//! What every resource has, and verbs on one: served for resources of any kind by the kind and the tables.

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use steerco_domain::encode::Encode;
use steerco_domain::error::Fault;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Reason};
use steerco_proto::table::Rpc;
use steerco_service::operation::Standard;
use steerco_service::{AnyVerb, BatchItem, ListArgs, ReadArgs, Seen, Service, Written};
use tonic::Response;

use super::answers::{BatchOf, PageOf, REPLAYED, mark, set_etag, view};
use super::call::{Call, set};
use super::decode::decode;
use super::encode::{Encoded, encode};
use super::mask::masked;
use super::request::Members;
use crate::problem::log_failures;

pub(super) type Served = Result<Response<Encoded>, Error>;

/// Reads a request message.
pub(super) fn read(rpc: &Rpc, bytes: &Bytes) -> Result<Members, Error> {
    let decoded = decode(rpc.input, bytes);
    let broken = |why| Error::new(Reason::Malformed, format!("failed to decode Protobuf message: {why}"));
    decoded.map(|decoded| Members(decoded.object)).map_err(broken)
}

/// An answer as the message of the rpc.
pub(super) fn reply(rpc: &Rpc, answer: &dyn Encode) -> Response<Encoded> {
    Response::new(encode(rpc.output, answer))
}

fn seen(rpc: &Rpc, seen: &Seen) -> Response<Encoded> {
    let mut response = reply(rpc, &view(seen));
    set_etag(&mut response, &seen.etag);
    response
}

pub(super) fn written(rpc: &Rpc, written: &Written) -> Response<Encoded> {
    let mut response = seen(rpc, &written.seen);
    mark(&mut response, written.outcome, written.replayed);
    response
}

/// Serves one call.
pub(super) fn serve(
    rpc: &'static Rpc,
    kind: &'static Kind,
    does: Standard,
    service: Service,
    call: Call,
    bytes: Bytes,
) -> BoxFuture<'static, Served> {
    Box::pin(async move {
        let body = read(rpc, &bytes)?;
        match does {
            Standard::Get | Standard::GetByRef | Standard::List | Standard::Revisions => {
                serve_read(rpc, kind, does, &service, &call, body).await
            }
            Standard::Batch => serve_batch(rpc, kind, &service, call, body).await,
            _ => serve_write(rpc, kind, does, &service, call, body).await,
        }
    })
}

/// Serves a verb.
pub(super) async fn act(rpc: &'static Rpc, verb: AnyVerb, service: Service, call: Call, bytes: Bytes) -> Served {
    let mut body = read(rpc, &bytes)?;
    let context = call.context(body.flag("validate_only"), body.instant("effective_at")?);
    let id = body.text("id");
    Ok(written(rpc, &service.act_any(verb, &context, &id, body.0).await?))
}

async fn serve_read(
    rpc: &Rpc,
    kind: &'static Kind,
    does: Standard,
    service: &Service,
    call: &Call,
    mut body: Members,
) -> Served {
    let caller = &call.caller;
    Ok(match does {
        Standard::Get => {
            let (id, args) = (body.text("id"), body.read_args()?);
            seen(rpc, &service.get_any(kind, caller, &id, &args).await?)
        }
        Standard::GetByRef => {
            let (source, id, args) = (body.text("source"), body.text("external_id"), body.read_args()?);
            seen(rpc, &service.get_by_ref(kind, caller, &source, &id, &args).await?)
        }
        Standard::Revisions => {
            let read = ReadArgs { fields: body.given("fields"), ..ReadArgs::default() };
            let (page_size, page_token) = (body.page_size(), body.given("page_token"));
            let args = ListArgs { page_size, page_token, read, ..ListArgs::default() };
            reply(rpc, &PageOf(kind, &service.revisions(kind, caller, &body.text("id"), &args).await?))
        }
        _ => reply(rpc, &PageOf(kind, &service.list_any(kind, caller, &body.list_args()?).await?)),
    })
}

async fn serve_write(
    rpc: &Rpc,
    kind: &'static Kind,
    does: Standard,
    service: &Service,
    call: Call,
    mut body: Members,
) -> Served {
    let context = call.context(body.flag("validate_only"), body.instant("effective_at")?);
    let done = match does {
        Standard::Update => {
            let (id, patch) = patch(kind, &mut body)?;
            service.update(kind, &context, &id, patch).await?
        }
        Standard::Upsert => {
            let (source, external_id, version) = source_record(&mut body);
            let new = upserted(kind, &mut body)?;
            service.upsert(kind, &context, &source, &external_id, version, new).await?
        }
        Standard::AddExternalRef | Standard::RemoveExternalRef => {
            let (id, source, external_id) = (body.text("id"), body.text("source"), body.text("external_id"));
            if matches!(does, Standard::AddExternalRef) {
                service.add_external_ref(kind, &context, &id, &source, &external_id).await?
            } else {
                service.remove_external_ref(kind, &context, &id, &source, &external_id).await?
            }
        }
        Standard::Delete => service.delete(kind, &context, &body.text("id")).await?,
        Standard::Undelete => service.undelete(kind, &context, &body.text("id")).await?,
        // Everything that is set, so that the domain refuses what the service sets.
        _ => service.create(kind, &context, body.object(kind.name).unwrap_or_default()).await?,
    };
    Ok(written(rpc, &done))
}

async fn serve_batch(rpc: &Rpc, kind: &'static Kind, service: &Service, call: Call, mut body: Members) -> Served {
    let context = call.context(body.flag("validate_only"), None);
    let partial = body.flag("partial");
    let done = service.batch(kind, &context, items(kind, &mut body)?, partial).await?;
    log_failures(done.results.iter().filter_map(|result| result.as_ref().err()));
    let mut response = reply(rpc, &BatchOf(kind, &done.results));
    if done.replayed {
        set(&mut response, REPLAYED, "true");
    }
    Ok(response)
}

/// Id and merge patch of an update.
fn patch(kind: &'static Kind, body: &mut Members) -> Result<(String, Map<String, Value>), Error> {
    let mut given = body.object(kind.name).unwrap_or_default();
    let Some(Value::String(id)) = given.remove("id") else {
        return Err(Error::fault("/id", "REQUIRED", "is required"));
    };
    Ok((id, masked(kind, given, &body.paths())?))
}

/// The merge patch of an upsert, which may create and therefore also sets what only a creation can.
pub(super) fn upserted(kind: &'static Kind, body: &mut Members) -> Result<Map<String, Value>, Error> {
    masked(kind, body.object(kind.name).unwrap_or_default(), &body.paths())
}

/// Source, the id there and its version.
pub(super) fn source_record(body: &mut Members) -> (String, String, Option<i64>) {
    match body.message("source_record") {
        Some(mut record) => (record.text("source"), record.text("external_id"), record.long("source_version")),
        None => (String::new(), String::new(), None),
    }
}

/// Faults that are listed of what this door itself refuses: a message full of them must not grow in the answer.
const FAULTS_MAX: usize = 50;

fn items(kind: &'static Kind, body: &mut Members) -> Result<Vec<BatchItem>, Error> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (i, item) in body.messages("items").enumerate() {
        match batch_item(kind, item) {
            Ok(item) => read.push(item),
            Err(error) => faults.extend(error.faults.into_iter().map(|fault| below_item(i, fault))),
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(Error::invalid(faults)) }
}

fn below_item(i: usize, fault: Fault) -> Fault {
    let pointer = format!("/items/{i}/{}", fault.pointer.trim_start_matches('/'));
    Fault { pointer: pointer.trim_end_matches('/').to_owned(), ..fault }
}

fn batch_item(kind: &'static Kind, mut item: Members) -> Result<BatchItem, Error> {
    // Presence tells an ETag that is empty from none.
    let if_match = item.0.contains_key("if_match").then(|| item.text("if_match"));
    let alternatives = ["create", "update", "upsert", "delete"];
    let action = alternatives.into_iter().find_map(|name| item.message(name).map(|body| (name, body)));
    if if_match.is_some() && !matches!(action, Some(("update", _))) {
        return Err(Error::fault("/if_match", "DOES_NOT_FIT", "only an update has an ETag to match"));
    }
    let Some((action, mut body)) = action else {
        return Err(Error::fault("", "REQUIRED", "give one of create, update, upsert and delete"));
    };
    refuse_of_whole(&mut body)?;
    Ok(match action {
        "create" => BatchItem::Create { body: body.object(kind.name).unwrap_or_default() },
        "update" => {
            let (id, patch) = patch(kind, &mut body)?;
            BatchItem::Update { id, patch, if_match }
        }
        "upsert" => {
            let (source, external_id, source_version) = source_record(&mut body);
            BatchItem::Upsert { source, external_id, source_version, body: upserted(kind, &mut body)? }
        }
        _ => BatchItem::Delete { id: body.text("id") },
    })
}

/// Rejects fields that one change of a batch cannot set, so that they are not silently ignored.
pub(super) fn refuse_of_whole(body: &mut Members) -> Result<(), Error> {
    if body.flag("validate_only") {
        return Err(Error::fault("/validate_only", "DOES_NOT_FIT", "set it for the whole batch"));
    }
    if body.0.contains_key("effective_at") {
        return Err(Error::fault("/effective_at", "DOES_NOT_FIT", "a batch cannot be backdated"));
    }
    Ok(())
}
