//! Posts actuals: the outcome of every line is decided, all lines or none are written, and a batch that is sent again
//! gets the same response at any later time.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Map, json};
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::actuals_batch::{
    ActualsBatch, ActualsBatchType, ActualsProgressState, ActualsResult, ActualsStatus, PostActualsBatch,
};
use steerco_domain::actuals_line::check_control;
use steerco_domain::error::Fault;
use steerco_domain::id::Id;
use steerco_domain::input::read_input;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::mask::Mask;
use steerco_domain::resource::Seed;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ledger::{self, Postings, Unposted};
use steerco_persistence::query::{self, ListQuery, Moment};
use steerco_persistence::{Change, ChangeKind, Fail, Scope};

use crate::actuals_invoices::Invoices;
use crate::actuals_line_outcomes::Resolver;
use crate::actuals_maker::{Maker, Poster, id_of};
use crate::actuals_orders::Orders;
use crate::actuals_periods::Periods;
use crate::actuals_resolved::{LineOutcome, Remark, Resolved};
use crate::actuals_sent::{FAULTS_MAX, Line, Sent};
use crate::command::{Command, Decided, Item, make};
use crate::line_results::RESULTS_SHOWN;
use crate::operation::{AnswerDoc, Answered, Body, Operation, Part, Run, Under, WRITING};
use crate::source::check_source_code;
use crate::write_context::WriteContext;
use crate::{Caller, Context, Outcome, Service, Written};

pub(crate) const POST: &Permission = find("actuals_batch", "create");
const ADJUST: &Permission = find("actuals_batch", "adjust");
const OVERRIDE: &Permission = find("actuals_batch", "override");

/// A posted batch and its first line outcomes.
#[derive(Debug)]
pub struct PostedBatch {
    pub written: Written<ActualsBatch>,
    pub results: Vec<ActualsResult>,
    /// The line after which outcomes are left out here.
    pub more_after: Option<i32>,
}

/// A batch of actuals and the outcomes of its first lines.
#[answer]
pub struct PostedActualsBatch {
    /// The batch.
    pub actuals_batch: Part<ActualsBatch>,
    /// Outcomes of the first 1000 lines.
    #[field(max = RESULTS_SHOWN)]
    pub results: Vec<ActualsResult>,
    /// Number of the line after which the next page of outcomes begins; absent when all are included.
    #[field(min = 1)]
    pub more_after_line: Option<i32>,
}

impl From<PostedBatch> for Answered {
    fn from(posted: PostedBatch) -> Self {
        let PostedBatch { written, results, more_after: more_after_line } = posted;
        Self::with(written, |actuals_batch| Box::new(PostedActualsBatch { actuals_batch, results, more_after_line }))
    }
}

const EXAMPLE: &str = r#"{
    "source": "gla", "batch_ref": "2008-04",
    "control": {"count": 1, "totals": [{"amount": "1390.11", "currency": "GBP"}]},
    "lines": [{
        "external_id": "0", "cost_code": "Catering Charges", "posted_on": "2008-04-01",
        "amount": {"amount": "1390.11", "currency": "GBP"}
    }]
}"#;

/// A template of operations that post actuals.
pub(crate) const fn posting(run: Run) -> Operation {
    Operation {
        service: ActualsBatch::KIND.title,
        under: Under::Kind(ActualsBatch::KIND),
        parameters: WRITING,
        answer: AnswerDoc::of::<PostedActualsBatch>(
            "The stored response to an earlier batch of the same name; or, with `validate_only`, the expected line outcomes.",
        ),
        created: Some("The batch and its line outcomes."),
        ..Operation::post(run)
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "create_actuals_batch",
    permission: Some(POST),
    path: "/v1/actuals-batches",
    summary: "Post a batch of actuals",
    doc: "Up to 10000 lines in one transaction. Control totals that do not match reject the whole batch, and so does a \
          line that cannot be posted, unless `partial` is set. A batch with the same `source` and `batch_ref` returns \
          the first response at any later time. A line that was posted before is a `duplicate`, in any batch. A cost \
          code without a coding rule is posted to suspense. With `validate_only`, returns the expected outcomes and \
          posts nothing.",
    body: Some(Body::of::<PostActualsBatch>(EXAMPLE)),
    ..posting(|service, context, arguments| {
        Box::pin(async move {
            let batch = read_input(&arguments.body())?;
            Ok(service.post_actuals(&context, batch).await?.into())
        })
    })
}];

/// Line outcomes when a batch was decided: a dry run stores nothing from which they could be read.
type ToldLines = Arc<Mutex<Vec<ActualsResult>>>;

impl Service {
    /// Posts a batch of actuals that arrived in one message.
    pub fn post_actuals<'a>(
        &'a self,
        context: &'a Context,
        batch: PostActualsBatch,
    ) -> BoxFuture<'a, Result<PostedBatch, Error>> {
        Box::pin(async move { self.post_sent(context, Sent::whole(batch)).await })
    }

    /// Posts a batch, in one message or streamed.
    pub(crate) async fn post_sent(&self, context: &Context, sent: Sent) -> Result<PostedBatch, Error> {
        let sent = Arc::new(sent);
        let PostActualsBatch { partial, corrections, adjusting, override_reason, .. } = &sent.batch;
        let input = json!([sent.sha256, partial, corrections, adjusting, override_reason]);
        let (id, base) = (self.inner.clock.new_id(), self.inner.clock.new_id());
        let told = ToldLines::default();
        let telling = Arc::clone(&told);
        let make = make(move |write| {
            let (sent, told) = (Arc::clone(&sent), Arc::clone(&telling));
            Box::pin(async move { decide(write, &sent, [id, base], &told).await })
        });
        let item = Item::Make { permission: POST, make };
        let command = Command::one(ActualsBatch::KIND, POST.action, input, item);
        let written = self.execute_one(context, command).await?.typed()?;
        let results = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
        self.posted(&context.caller, written, results).await
    }

    /// The response: with the decided outcomes, or for an earlier batch with the stored ones.
    pub(crate) async fn posted(
        &self,
        caller: &Caller,
        written: Written<ActualsBatch>,
        told: Vec<ActualsResult>,
    ) -> Result<PostedBatch, Error> {
        let lines = written.seen.resource.line_count;
        let (results, more_after) = self.shown_results(caller, &written, told, lines).await?;
        Ok(PostedBatch { written, results, more_after })
    }
}

async fn decide(
    write: &WriteContext<'_>,
    sent: &Arc<Sent>,
    [id, base]: [u128; 2],
    told: &ToldLines,
) -> Result<Decided, Fail> {
    let scope = write.scope(Some(POST))?;
    let batch = &sent.batch;
    if !scope.is_whole() {
        return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
    }
    if batch.adjusting {
        write.scope(Some(ADJUST))?;
    }
    if batch.override_reason.is_some() {
        write.scope(Some(OVERRIDE))?;
    }
    check_source_code(write, batch.source.as_str()).await?;
    let entity = find_entity(write, batch.legal_entity_id).await?;
    let orders = Orders::read(write, &entity, sent).await?;
    let periods = Periods::read(write, &scope, &entity, sent).await?;
    ledger::take_turn(write.conn, scope.org()).await?;
    if let Some(before) =
        ledger::find_batch(write.conn, scope.org(), batch.source.as_str(), batch.batch_ref.as_str()).await?
    {
        return first_answer(scope, before, &sent.sha256);
    }
    check_whole(sent)?;
    let header = [batch.source.as_str(), batch.batch_ref.as_str(), &sent.sha256];
    let mut after = new_batch(write, id, header, ActualsBatchType::Posting, entity.id)?;
    let maker = Maker { batch: after.clone(), base };
    let invoices = Invoices::read(write, &entity, sent).await?;
    let mut work = Resolver::new(write, &scope, sent, &entity, &periods, (orders, invoices)).await?;
    for n in 0..sent.lines.chunks() {
        sent.tell(ActualsProgressState::Checking, n).await;
        work.take(write, n, &maker).await?;
    }
    let (resolved, sum, orders, invoices) = work.done();
    refuse_rejected(batch, &resolved.unposted)?;
    orders.finish(write, &entity)?;
    invoices.finish(write, &entity).await?;
    let outcomes = resolved.tally.outcomes();
    let outcomes = outcomes
        .ok_or_else(|| Error::fault("/lines", "OUT_OF_RANGE", "the sum of the lines exceeds the range of an amount"))?;
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    after.line_count = count(sent.count);
    after.outcomes = outcomes;
    after.override_reason.clone_from(&batch.override_reason);
    after.possible_repeat_count = count(resolved.fates.iter().flatten().filter(|fate| fate.repeats).count());
    let first = sent.lines.chunk(write.conn, 0).await?;
    *told.lock().unwrap_or_else(PoisonError::into_inner) = first_results(&first, &resolved, base);
    let unposted = resolved.unposted.clone();
    (after.entry_count, after.entries_sha256) = sum.told();
    let poster = Arc::new(Poster { sent: Arc::clone(sent), resolved, maker, org: scope.org().to_owned() });
    let postings = Postings {
        batch_id: after.id_text(),
        pieces: sent.lines.chunks(),
        entries: ledger::read(move |conn, n| {
            let poster = Arc::clone(&poster);
            Box::pin(async move {
                poster.sent.tell(ActualsProgressState::Posting, n).await;
                poster.entries(conn, n).await
            })
        }),
        unposted,
        orders: Vec::new(),
    };
    write.post(postings);
    let source = Some(batch.source.as_str());
    let change = Change::new(ChangeKind::Insert, None, &after, "create", source);
    let (resource, outcome, change) = (Box::new(after), Outcome::Created, Some(change));
    Ok(Decided { resource, scope, outcome, change, source_version: None })
}

/// A batch of this name exists: its response is returned again if the content is the same.
pub(crate) fn first_answer(scope: Scope, before: ActualsBatch, sha256: &str) -> Result<Decided, Fail> {
    if before.lines_sha256.as_str() != sha256 {
        let detail =
            format!("the batch {} of this source was already sent with other lines or totals", before.batch_ref);
        return Err(Error::new(Reason::AlreadyExists, detail).into());
    }
    Ok(Decided { resource: Box::new(before), scope, outcome: Outcome::Unchanged, change: None, source_version: None })
}

/// Checks of the batch alone: the lines themselves and their totals.
fn check_whole(sent: &Sent) -> Result<(), Error> {
    let mut faults = sent.faults.clone();
    faults.extend(check_control(&sent.batch.control, sent.count, &sent.sums));
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Unless the batch is partial, one line that cannot be posted rejects the whole batch.
fn refuse_rejected(batch: &PostActualsBatch, unposted: &[Unposted]) -> Result<(), Error> {
    let rejected = unposted.iter().filter(|line| line.status == ActualsStatus::Rejected && !batch.partial);
    let fault = |line: &Unposted| {
        let (code, detail) = line.reason.clone().unwrap_or_default();
        Fault::new(format!("/lines/{}", line.line - 1), code, detail)
    };
    let faults: Vec<Fault> = rejected.take(FAULTS_MAX).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The company whose books the batch belongs to.
pub(crate) async fn find_entity(write: &WriteContext<'_>, given: Option<Id<LegalEntity>>) -> Result<LegalEntity, Fail> {
    let sight = write.scope(Some(LegalEntity::KIND.rows.read))?;
    if let Some(id) = given {
        let found = query::find::<LegalEntity>(write.conn, &sight, &id.to_string(), Moment::Now).await?;
        let live = found.filter(|entity| entity.deleted_at.is_none());
        let missing = || Error::fault("/legal_entity_id", "NOT_FOUND", "the legal_entity does not exist");
        return Ok(live.ok_or_else(missing)?);
    }
    let order = steerco_domain::list::parse_order(None, LegalEntity::KIND, Mask::ALL).map_err(Error::invalid)?;
    let two = ListQuery { filter: None, order: &order, after: None, limit: 2, show_deleted: false };
    let mut found = query::list(write.conn, &sight, LegalEntity::KIND, &two, Moment::Now).await?;
    match (found.pop(), found.pop()) {
        (Some(one), None) => Ok(one.typed()?),
        (None, _) => {
            Err(Error::fault("/legal_entity_id", "REQUIRED", "the organisation has no legal entity yet: create one")
                .into())
        }
        _ => Err(Error::fault(
            "/legal_entity_id",
            "REQUIRED",
            "legal_entity_id is required: the organisation has several legal entities",
        )
        .into()),
    }
}

/// A batch without lines so far. `header` has its source, its name in the source and the digest of its content.
pub(crate) fn new_batch(
    write: &WriteContext<'_>,
    id: u128,
    [source, batch_ref, sha256]: [&str; 3],
    batch_type: ActualsBatchType,
    entity: Id<LegalEntity>,
) -> Result<ActualsBatch, Error> {
    let body = json!({
        "source": source, "batch_ref": batch_ref, "batch_type": batch_type, "legal_entity_id": entity,
        "lines_sha256": sha256, "entries_sha256": sha256,
    });
    let seed = Seed { id, at: write.now, effective_at: write.now, by: write.actor() };
    ActualsBatch::create(body.as_object().unwrap_or(&Map::new()), &seed)
}

/// The line outcomes in the response.
fn first_results(first: &[Line], resolved: &Resolved, base: u128) -> Vec<ActualsResult> {
    let mut others = resolved.unposted.iter().peekable();
    let result = |(i, (Line { line, .. }, fate)): (usize, (&Line, &Option<LineOutcome>))| {
        let number = i32::try_from(i + 1).unwrap_or(i32::MAX);
        let external_id = line.external_id.as_str().to_owned();
        if let Some(fate) = fate {
            let entry_id = steerco_domain::id::encode(LedgerEntry::KIND.prefix, id_of(base, i, 1));
            let Remark { exceeds_order_by, exceeds_budget_by, .. } =
                resolved.remarks.get(&i).copied().unwrap_or_default();
            let told = ledger::remark(exceeds_order_by, exceeds_budget_by, line.amount.currency.code());
            let (reason, detail) = told.unzip();
            return Some(ActualsResult {
                line: number,
                external_id,
                status: fate.status,
                reason,
                detail,
                ledger_entry_id: Some(entry_id),
                possible_repeat: fate.repeats,
            });
        }
        let other = others.next_if(|other| other.line == number)?;
        let (reason, detail) = other.reason.clone().unzip();
        let (status, ledger_entry_id) = (other.status, other.entry_id.clone());
        let line = number;
        Some(ActualsResult { line, external_id, status, reason, detail, ledger_entry_id, possible_repeat: false })
    };
    first.iter().zip(&resolved.fates).enumerate().take(RESULTS_SHOWN).filter_map(result).collect()
}
