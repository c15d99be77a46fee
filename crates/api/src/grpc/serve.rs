//! The operations every resource has, each a call of the one function of the service that REST calls too.

use serde_json::{Map, Value};
use steerco_domain::mask::Mask;
use steerco_domain::progress::{Progress, WorstChild};
use steerco_domain::ratio::Ratio;
use steerco_domain::{AnyResource, Error, Fault, Resource};
use steerco_proto::v1 as pb;
use steerco_service::{BatchItem, ListArgs, Outcome, Page, ReadArgs, Seen, Service, Written};
use tonic::Response;

use super::bridge::{
    Action, Batching, Bridge, Item, ItemResult, Listed, Results, Upserting, VerbBridge, Writing, new_body, patch,
    upsert_body,
};
use super::call::{Call, given, instant, page_size, read_args, set};
use super::wire::Scalar;

type Served<T> = Result<Response<T>, Error>;

pub(super) async fn get<R: Bridge>(service: &Service, call: Call, body: pb::GetRequest) -> Served<R::Pb> {
    let pb::GetRequest { id, as_of, valid_at, fields } = body;
    let args = read_args(as_of, valid_at, fields)?;
    seen::<R>(&service.get_any(R::KIND, &call.caller, &id, &args).await?)
}

pub(super) async fn get_by_ref<R: Bridge>(service: &Service, call: Call, body: pb::GetByRefRequest) -> Served<R::Pb> {
    let pb::GetByRefRequest { source, external_id, as_of, valid_at, fields } = body;
    let args = read_args(as_of, valid_at, fields)?;
    seen::<R>(&service.get_by_ref(R::KIND, &call.caller, &source, &external_id, &args).await?)
}

pub(super) async fn list<R: Bridge, L: From<Listed<R::Pb>>>(
    service: &Service,
    call: Call,
    body: pb::ListRequest,
) -> Served<L> {
    let args = ListArgs {
        filter: given(body.filter),
        order_by: given(body.order_by),
        page_size: page_size(body.page_size),
        page_token: given(body.page_token),
        include_total: body.include_total,
        show_deleted: body.show_deleted,
        read: read_args(body.as_of, body.valid_at, body.fields)?,
    };
    page::<R, _>(service.list_any(R::KIND, &call.caller, &args).await?)
}

pub(super) async fn progress<R: Resource>(
    service: &Service,
    call: Call,
    body: pb::GetProgressRequest,
) -> Served<pb::Progress> {
    let pb::GetProgressRequest { id, as_of } = body;
    let found = service.progress(R::KIND, &call.caller, &id, instant("as_of", as_of)?).await?;
    let Progress { id, progress, undefined_reason, complete, coverage, level_of_effort_share, .. } = found;
    let worst = |worst: WorstChild| pb::WorstChild { id: worst.id, progress: worst.progress.as_number() };
    Ok(Response::new(pb::Progress {
        id,
        progress: progress.map(Ratio::as_number),
        claimed: found.claimed.map(Ratio::as_number),
        undefined_reason: undefined_reason.map(str::to_owned),
        complete,
        coverage: coverage.map(Ratio::as_number),
        level_of_effort_share: level_of_effort_share.map(Ratio::as_number),
        deliverable_count: found.deliverable_count,
        worst_child: found.worst_child.map(worst),
        oldest_input_at: found.oldest_input_at.map(|at| at.out()),
        hidden_count: found.hidden_count,
    }))
}

pub(super) async fn revisions<R: Bridge, L: From<Listed<R::Pb>>>(
    service: &Service,
    call: Call,
    body: pb::ListRevisionsRequest,
) -> Served<L> {
    let args = ListArgs {
        page_size: page_size(body.page_size),
        page_token: given(body.page_token),
        read: ReadArgs { fields: given(body.fields), ..ReadArgs::default() },
        ..ListArgs::default()
    };
    page::<R, _>(service.revisions(R::KIND, &call.caller, &body.id, &args).await?)
}

pub(super) async fn create<R: Bridge>(service: &Service, call: Call, body: Writing<R::Pb>) -> Served<R::Pb> {
    let context = call.context(body.validate_only, body.effective_at)?;
    written::<R>(&service.create(R::KIND, &context, new_body::<R>(body.resource)).await?)
}

pub(super) async fn update<R: Bridge>(service: &Service, call: Call, body: Writing<R::Pb>) -> Served<R::Pb> {
    let context = call.context(body.validate_only, body.effective_at)?;
    let (id, patch) = patch::<R>(body.resource, body.update_mask)?;
    written::<R>(&service.update(R::KIND, &context, &id, patch).await?)
}

pub(super) async fn upsert<R: Bridge>(service: &Service, call: Call, body: Upserting<R::Pb>) -> Served<R::Pb> {
    let Upserting { source_record, writing } = body;
    let context = call.context(writing.validate_only, writing.effective_at)?;
    let pb::SourceRecord { source, external_id, source_version } = source_record.unwrap_or_default();
    let body = upsert_body::<R>(writing.resource, writing.update_mask)?;
    written::<R>(&service.upsert(R::KIND, &context, &source, &external_id, source_version, body).await?)
}

pub(super) async fn add_external_ref<R: Bridge>(
    service: &Service,
    call: Call,
    body: pb::AddExternalRefRequest,
) -> Served<R::Pb> {
    let pb::AddExternalRefRequest { id, source, external_id, validate_only } = body;
    let context = call.context(validate_only, None)?;
    written::<R>(&service.add_external_ref(R::KIND, &context, &id, &source, &external_id).await?)
}

pub(super) async fn remove_external_ref<R: Bridge>(
    service: &Service,
    call: Call,
    body: pb::RemoveExternalRefRequest,
) -> Served<R::Pb> {
    let pb::RemoveExternalRefRequest { id, source, external_id, validate_only } = body;
    let context = call.context(validate_only, None)?;
    written::<R>(&service.remove_external_ref(R::KIND, &context, &id, &source, &external_id).await?)
}

pub(super) async fn delete<R: Bridge>(service: &Service, call: Call, body: pb::DeleteRequest) -> Served<R::Pb> {
    let context = call.context(body.validate_only, None)?;
    written::<R>(&service.delete(R::KIND, &context, &body.id).await?)
}

pub(super) async fn undelete<R: Bridge>(service: &Service, call: Call, body: pb::UndeleteRequest) -> Served<R::Pb> {
    let context = call.context(body.validate_only, None)?;
    written::<R>(&service.undelete(R::KIND, &context, &body.id).await?)
}

pub(super) async fn act<V: VerbBridge>(service: &Service, call: Call, body: V::Pb) -> Served<<V::On as Bridge>::Pb> {
    let (id, validate_only, body) = V::take(body);
    let context = call.context(validate_only, None)?;
    written::<V::On>(&service.act::<V>(&context, &id, body).await?)
}

pub(super) async fn batch<R: Bridge, L: From<Results<R::Pb>>>(
    service: &Service,
    call: Call,
    body: Batching<R::Pb>,
) -> Served<L> {
    let context = call.context(body.validate_only, None)?;
    let items = batch_items::<R>(body.items)?;
    let done = service.batch(R::KIND, &context, items, body.partial).await?;
    let results = Results(done.results.into_iter().map(item_result::<R>).collect::<Result<_, _>>()?);
    let mut response = Response::new(results.into());
    if done.replayed {
        set(&mut response, REPLAYED, "true");
    }
    Ok(response)
}

const REPLAYED: &str = "idempotency-replayed";

/// The message of a resource; one of another kind would be a fault of this program.
fn message<R: Bridge>(resource: &dyn AnyResource, mask: Mask) -> Result<R::Pb, Error> {
    resource.of::<R>().map(|resource| resource.to_pb(mask)).ok_or_else(Error::internal)
}

fn seen<R: Bridge>(seen: &Seen) -> Served<R::Pb> {
    let mut response = Response::new(message::<R>(&*seen.resource, seen.mask)?);
    set(&mut response, "etag", &format!("\"{}\"", seen.etag));
    Ok(response)
}

pub(super) fn written<R: Bridge>(written: &Written) -> Served<R::Pb> {
    let mut response = seen::<R>(&written.seen)?;
    mark(&mut response, written.outcome, written.replayed);
    Ok(response)
}

/// Says what a write did, and whether it did it before.
pub(super) fn mark<T>(response: &mut Response<T>, outcome: Outcome, replayed: bool) {
    set(response, "steerco-outcome", outcome.word());
    if replayed {
        set(response, REPLAYED, "true");
    }
}

fn page<R: Bridge, L: From<Listed<R::Pb>>>(page: Page) -> Served<L> {
    let items = page.items.iter().map(|item| message::<R>(&**item, page.mask)).collect::<Result<_, _>>()?;
    let Page { next_page_token, total, sync_token, .. } = page;
    Ok(Response::new(Listed { items, next_page_token: next_page_token.unwrap_or_default(), total, sync_token }.into()))
}

/// Faults that are listed of what this door itself refuses: a message full of them must not grow in the answer.
const FAULTS_MAX: usize = 50;

fn batch_items<R: Bridge>(items: Vec<Item<R::Pb>>) -> Result<Vec<BatchItem>, Error> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (i, item) in items.into_iter().enumerate() {
        match batch_item::<R>(item) {
            Ok(item) => read.push(item),
            Err(error) => faults.extend(error.faults.into_iter().map(|fault| below_item(i, fault))),
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(Error::invalid(faults)) }
}

pub(super) fn below_item(i: usize, fault: Fault) -> Fault {
    let pointer = format!("/items/{i}/{}", fault.pointer.trim_start_matches('/'));
    Fault { pointer: pointer.trim_end_matches('/').to_owned(), ..fault }
}

fn batch_item<R: Bridge>(item: Item<R::Pb>) -> Result<BatchItem, Error> {
    let Item { action, if_match } = item;
    if if_match.is_some() && !matches!(action, Some(Action::Update(_))) {
        return Err(Error::fault("/if_match", "DOES_NOT_FIT", "only an update has an ETag to match"));
    }
    match action {
        None => Err(Error::fault("", "REQUIRED", "give one of create, update, upsert and delete")),
        Some(Action::Create(create)) => {
            of_whole_batch(create.validate_only, create.effective_at.is_some())?;
            Ok(BatchItem::Create { body: new_body::<R>(create.resource) })
        }
        Some(Action::Update(update)) => {
            of_whole_batch(update.validate_only, update.effective_at.is_some())?;
            let (id, patch) = patch::<R>(update.resource, update.update_mask)?;
            Ok(BatchItem::Update { id, patch, if_match })
        }
        Some(Action::Upsert(Upserting { source_record, writing })) => {
            of_whole_batch(writing.validate_only, writing.effective_at.is_some())?;
            let pb::SourceRecord { source, external_id, source_version } = source_record.unwrap_or_default();
            let body: Map<String, Value> = upsert_body::<R>(writing.resource, writing.update_mask)?;
            Ok(BatchItem::Upsert { source, external_id, source_version, body })
        }
        Some(Action::Delete(delete)) => {
            of_whole_batch(delete.validate_only, false)?;
            Ok(BatchItem::Delete { id: delete.id })
        }
    }
}

/// What one change of a batch cannot say by itself is refused rather than overlooked.
pub(super) fn of_whole_batch(validate_only: bool, dated: bool) -> Result<(), Error> {
    match (validate_only, dated) {
        (true, _) => Err(Error::fault("/validate_only", "DOES_NOT_FIT", "is said of the whole batch")),
        (_, true) => Err(Error::fault("/effective_at", "DOES_NOT_FIT", "a batch cannot be backdated")),
        _ => Ok(()),
    }
}

fn item_result<R: Bridge>(result: Result<Written, Error>) -> Result<ItemResult<R::Pb>, Error> {
    Ok(match result {
        Ok(Written { seen, outcome, .. }) => {
            let resource = message::<R>(&*seen.resource, seen.mask)?;
            ItemResult { outcome: outcome_pb(outcome), etag: seen.etag, result: Ok(resource) }
        }
        Err(error) => {
            ItemResult { outcome: pb::Outcome::Unspecified, etag: String::new(), result: Err(problem(error)) }
        }
    })
}

pub(super) fn outcome_pb(outcome: Outcome) -> pb::Outcome {
    match outcome {
        Outcome::Created => pb::Outcome::Created,
        Outcome::Updated => pb::Outcome::Updated,
        Outcome::Unchanged => pb::Outcome::Unchanged,
        Outcome::Stale => pb::Outcome::Stale,
        Outcome::Deleted => pb::Outcome::Deleted,
        Outcome::Undeleted => pb::Outcome::Undeleted,
        Outcome::Backfilled => pb::Outcome::Backfilled,
    }
}

pub(super) fn problem(error: Error) -> pb::Problem {
    let fault = |Fault { pointer, code, detail }| pb::Fault { pointer, code: code.into_owned(), detail };
    pb::Problem {
        status: error.reason.grpc_code(),
        code: error.reason.code().to_owned(),
        detail: error.detail,
        retryable: error.reason.retryable(),
        errors: error.faults.into_iter().map(fault).collect(),
        etag: error.etag,
    }
}
