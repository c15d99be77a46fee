//! Batches of purchase orders: the outcome of every line is decided, all lines or none are written, and a batch that is
//! sent again gets the same response at any later time.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::error::Fault;
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::input::read_input;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::purchase_order_batch::{
    PostPurchaseOrderBatch, PurchaseOrderBatch, PurchaseOrderResult, PurchaseOrderStatus,
};
use steerco_domain::resource::Seed;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ledger::{self, Postings};
use steerco_persistence::purchase_order;
use steerco_persistence::{Change, ChangeKind, Fail, commitment};

use crate::actuals_batch::find_entity;
use crate::actuals_sent::FAULTS_MAX;
use crate::command::{Command, Decided, Item, make};
use crate::line_results::RESULTS_SHOWN;
use crate::operation::{AnswerDoc, Answered, Body, Operation, Part, Under, WRITING};
use crate::purchase_order_desk::Desk;
use crate::source::check_source_code;
use crate::write_context::WriteContext;
use crate::{Context, Outcome, Service, Written};

const POST: &Permission = find("purchase_order_batch", "create");
const OVERRIDE: &Permission = find("commitment", "override");

/// A batch and its first line outcomes.
#[derive(Debug)]
pub struct TakenOrders {
    pub written: Written<PurchaseOrderBatch>,
    pub results: Vec<PurchaseOrderResult>,
    /// The line after which outcomes are left out here.
    pub more_after: Option<i32>,
}

/// A batch of purchase orders and the outcomes of its first lines.
#[answer]
pub struct TakenPurchaseOrderBatch {
    /// The batch.
    pub purchase_order_batch: Part<PurchaseOrderBatch>,
    /// Outcomes of the first 1000 lines.
    #[field(max = RESULTS_SHOWN)]
    pub results: Vec<PurchaseOrderResult>,
    /// Number of the line after which the next page of outcomes begins; absent when all are included.
    #[field(min = 1)]
    pub more_after_line: Option<i32>,
}

const EXAMPLE: &str = r#"{
    "source": "gla", "batch_ref": "orders 2008-04-01",
    "control": {"count": 2, "totals": [{"amount": "1000.00", "currency": "GBP"}]},
    "lines": [{
        "action": "commit", "purchase_order_reference": "4500001", "purchase_order_line": "10",
        "amount": {"amount": "1000.00", "currency": "GBP"}, "title": "Steel", "ordered_on": "2008-04-01",
        "program_id": "prog_01h455vb4pex5vsknk084sn02q"
    }, {"action": "final_invoice", "purchase_order_reference": "4500000"}]
}"#;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "create_purchase_order_batch",
    service: PurchaseOrderBatch::KIND.title,
    permission: Some(POST),
    path: "/v1/purchase-order-batches",
    under: Under::Kind(PurchaseOrderBatch::KIND),
    summary: "Import a batch of purchase orders",
    doc: "Up to 10000 lines in one transaction. Each line requests, commits, amends, ends or cancels the commitment of \
          an order line. Control totals that do not match reject the whole batch, and so does a line that cannot be \
          applied, unless `partial` is set. Budget control applies to each line and to all lines together. A batch \
          with the same `source` and `batch_ref` returns the first response at any later time. A line that changes \
          nothing is `unchanged`. With `validate_only`, returns the expected outcomes and stores nothing.",
    parameters: WRITING,
    body: Some(Body::of::<PostPurchaseOrderBatch>(EXAMPLE)),
    answer: AnswerDoc::of::<TakenPurchaseOrderBatch>(
        "The stored response to an earlier batch of the same name; or, with `validate_only`, the expected line outcomes.",
    ),
    created: Some("The batch and its line outcomes."),
    ..Operation::post(|service, context, arguments| {
        Box::pin(async move {
            let batch = read_input(&arguments.body())?;
            let TakenOrders { written, results, more_after: more_after_line } =
                service.post_purchase_orders(&context, batch).await?;
            Ok(Answered::with(written, |purchase_order_batch| {
                Box::new(TakenPurchaseOrderBatch { purchase_order_batch, results, more_after_line })
            }))
        })
    })
}];

/// Line outcomes when a batch was decided: a dry run stores nothing from which they could be read.
type ToldLines = Mutex<Vec<PurchaseOrderResult>>;

impl Service {
    /// Imports a batch of purchase orders.
    pub fn post_purchase_orders<'a>(
        &'a self,
        context: &'a Context,
        batch: PostPurchaseOrderBatch,
    ) -> BoxFuture<'a, Result<TakenOrders, Error>> {
        Box::pin(async move {
            let (batch, told) = (Arc::new(batch), Arc::new(ToldLines::default()));
            let sha256 = digest(&batch)?;
            let input = json!([sha256, batch.partial, batch.override_reason]);
            let (id, telling) = (self.inner.clock.new_id(), Arc::clone(&told));
            let make = make(move |write| {
                let (batch, sha256, told) = (Arc::clone(&batch), sha256.clone(), Arc::clone(&telling));
                Box::pin(async move { decide(write, &batch, &sha256, id, &told).await })
            });
            let command =
                Command::one(PurchaseOrderBatch::KIND, POST.action, input, Item::Make { permission: POST, make });
            let written: Written<PurchaseOrderBatch> = self.execute_one(context, command).await?.typed()?;
            let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
            let lines = written.seen.resource.line_count;
            let (results, more_after) = self.shown_results(&context.caller, &written, told, lines).await?;
            Ok(TakenOrders { written, results, more_after })
        })
    }
}

/// Digest by which a batch is recognised when it is sent again.
fn digest(batch: &PostPurchaseOrderBatch) -> Result<String, Error> {
    let PostPurchaseOrderBatch { source, batch_ref, legal_entity_id, control, lines, .. } = batch;
    let sent = serde_json::to_string(&(source, batch_ref, legal_entity_id, control, &lines.0));
    Ok(hex(&Sha256::digest(sent.map_err(|cause| Error::internal(cause))?)))
}

async fn decide(
    write: &WriteContext<'_>,
    batch: &PostPurchaseOrderBatch,
    sha256: &str,
    id: u128,
    told: &ToldLines,
) -> Result<Decided, Fail> {
    let scope = write.scope(Some(POST))?;
    let overrides = batch.override_reason.as_ref().map(|_| write.scope(Some(OVERRIDE))).transpose()?;
    if !scope.is_whole() || overrides.is_some_and(|scope| !scope.is_whole()) {
        return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
    }
    let (source, org) = (check_source_code(write, batch.source.as_str()).await?, scope.org().to_owned());
    let entity = find_entity(write, batch.legal_entity_id).await?;
    // Locked before the ledger lock is taken, in the same order as every step of a commitment.
    let orders = batch.lines.0.iter().map(|line| line.purchase_order_reference.to_string());
    let orders: Vec<String> = orders.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    commitment::hold_orders(write.conn, &org, &entity.id.to_string(), &orders).await?;
    let books = crate::budget::Books::read(write, entity.id).await?;
    ledger::take_turn(write.conn, &org).await?;
    if let Some(before) =
        purchase_order::find_batch(write.conn, &org, source.as_str(), batch.batch_ref.as_str()).await?
    {
        if before.lines_sha256.as_str() != sha256 {
            let detail =
                format!("the batch {} of this source was already sent with other lines or totals", before.batch_ref);
            return Err(Error::new(Reason::AlreadyExists, detail).into());
        }
        let outcome = Outcome::Unchanged;
        return Ok(Decided { resource: Box::new(before), scope, outcome, change: None, source_version: None });
    }
    batch.check()?;
    let mut desk = Desk::read(write, &scope, batch, &entity, books, &orders).await?;
    for line in &batch.lines.0 {
        desk.take(write, line).await?;
    }
    refuse_rejected(batch, &desk.results)?;
    let after = taken(write, batch, &desk, sha256, id, entity.id)?;
    let results = desk.finish(write, source.as_str())?;
    *told.lock().unwrap_or_else(PoisonError::into_inner) = results.iter().take(RESULTS_SHOWN).cloned().collect();
    write.post(Postings {
        batch_id: after.id_text(),
        pieces: 0,
        entries: ledger::made(|_| Vec::new()),
        unposted: Vec::new(),
        orders: results,
    });
    let change = Change::new(ChangeKind::Insert, None, &after, "create", Some(source.as_str()));
    let (resource, outcome, change) = (Box::new(after), Outcome::Created, Some(change));
    Ok(Decided { resource, scope, outcome, change, source_version: None })
}

/// The batch as it is stored.
fn taken(
    write: &WriteContext<'_>,
    batch: &PostPurchaseOrderBatch,
    desk: &Desk<'_>,
    sha256: &str,
    id: u128,
    entity: Id<LegalEntity>,
) -> Result<PurchaseOrderBatch, Error> {
    let body = json!({
        "source": batch.source, "batch_ref": batch.batch_ref, "legal_entity_id": entity, "lines_sha256": sha256,
    });
    let seed = Seed { id, at: write.now, effective_at: write.now, by: write.actor() };
    let mut after = PurchaseOrderBatch::create(body.as_object().unwrap_or(&Map::new()), &seed)?;
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    after.line_count = count(batch.lines.0.len());
    after.outcomes = desk.outcomes()?;
    after.over_budget_count = count(desk.results.iter().filter(|result| result.over_budget).count());
    after.override_reason.clone_from(&batch.override_reason);
    Ok(after)
}

/// Unless the batch is partial, one line that cannot be applied rejects the whole batch.
fn refuse_rejected(batch: &PostPurchaseOrderBatch, results: &[PurchaseOrderResult]) -> Result<(), Error> {
    let rejected = results.iter().filter(|result| result.status == PurchaseOrderStatus::Rejected && !batch.partial);
    let fault = |result: &PurchaseOrderResult| {
        let (code, detail) = (result.reason.clone().unwrap_or_default(), result.detail.clone().unwrap_or_default());
        Fault::new(format!("/lines/{}", result.line - 1), code, detail)
    };
    let faults: Vec<Fault> = rejected.take(FAULTS_MAX).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}
