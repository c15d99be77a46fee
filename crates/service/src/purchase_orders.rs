//! Batches of purchase orders: every line finds its end, all of them or none are written, and the same batch is answered
//! the same way for ever.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use steerco_domain::access::{Row, find};
use steerco_domain::error::Fault;
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::purchase_order_batch::{PostPurchaseOrderBatch, PurchaseOrderBatch, PurchaseOrderStatus};
use steerco_domain::resource::Seed;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ledger::{self, Postings};
use steerco_persistence::purchase_order::{self, OrderResult};
use steerco_persistence::{Change, ChangeKind, Fail, commitment};

use crate::actuals::find_entity;
use crate::actuals_sent::FAULTS_MAX;
use crate::command::{Command, Decided, Item, make};
use crate::purchase_order_desk::Desk;
use crate::results::RESULTS_SHOWN;
use crate::sources::check_source_code;
use crate::write_context::WriteContext;
use crate::{Context, Outcome, Service, Written};

const POST: &Row = find("purchase_order_batch", "create");
const OVERRIDE: &Row = find("commitment", "override");

/// What became of a batch, and of its first lines.
#[derive(Debug)]
pub struct TakenOrders {
    pub written: Written<PurchaseOrderBatch>,
    pub results: Vec<OrderResult>,
    /// The line after which results are missing here.
    pub more_after: Option<i32>,
}

/// What was told of the lines when a batch was decided: a dry run stores nothing to read it from.
type Told = Mutex<Vec<OrderResult>>;

impl Service {
    /// Takes over a batch of purchase orders.
    pub fn post_purchase_orders<'a>(
        &'a self,
        context: &'a Context,
        batch: PostPurchaseOrderBatch,
    ) -> BoxFuture<'a, Result<TakenOrders, Error>> {
        Box::pin(async move {
            let (batch, told) = (Arc::new(batch), Arc::new(Told::default()));
            let sha256 = digest(&batch)?;
            let input = json!([sha256, batch.partial, batch.override_reason]);
            let (id, telling) = (self.inner.clock.new_id(), Arc::clone(&told));
            let make = make(move |write| {
                let (batch, sha256, told) = (Arc::clone(&batch), sha256.clone(), Arc::clone(&telling));
                Box::pin(async move { decide(write, &batch, &sha256, id, &told).await })
            });
            let command = Command::one(PurchaseOrderBatch::KIND, POST.action, input, Item::Make { row: POST, make });
            let written: Written<PurchaseOrderBatch> = self.execute_one(context, command).await?.typed()?;
            let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
            let lines = written.seen.resource.line_count;
            let (results, more_after) = self.shown_results(&context.caller, &written, told, lines).await?;
            Ok(TakenOrders { written, results, more_after })
        })
    }
}

/// What was sent, as it is known again by.
fn digest(batch: &PostPurchaseOrderBatch) -> Result<String, Error> {
    let PostPurchaseOrderBatch { source, batch_ref, legal_entity_id, control, lines, .. } = batch;
    let sent = serde_json::to_string(&(source, batch_ref, legal_entity_id, control, &lines.0));
    Ok(hex(&Sha256::digest(sent.map_err(|_| Error::internal())?)))
}

async fn decide(
    write: &WriteContext<'_>,
    batch: &PostPurchaseOrderBatch,
    sha256: &str,
    id: u128,
    told: &Told,
) -> Result<Decided, Fail> {
    let scope = write.scope(Some(POST))?;
    let overrides = batch.override_reason.as_ref().map(|_| write.scope(Some(OVERRIDE))).transpose()?;
    if !scope.is_whole() || overrides.is_some_and(|scope| !scope.is_whole()) {
        return Err(Error::new(Reason::Forbidden, "this needs a grant over the whole organisation").into());
    }
    let (source, org) = (check_source_code(write, batch.source.as_str()).await?, scope.org().to_owned());
    let entity = find_entity(write, batch.legal_entity_id).await?;
    // Held before the turn is taken, as every step of a commitment does.
    let orders = batch.lines.0.iter().map(|line| line.purchase_order_reference.to_string());
    let orders: Vec<String> = orders.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    commitment::hold_orders(write.conn, &org, &entity.id.to_string(), &orders).await?;
    let books = crate::budgeting::Books::read(write, entity.id).await?;
    ledger::take_turn(write.conn, &org).await?;
    if let Some(before) =
        purchase_order::find_batch(write.conn, &org, source.as_str(), batch.batch_ref.as_str()).await?
    {
        if before.lines_sha256.as_str() != sha256 {
            let detail = format!("the batch {} of this source was sent with other lines or totals", before.batch_ref);
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

/// Unless the batch is to be taken over in part, one line that cannot be refuses all.
fn refuse_rejected(batch: &PostPurchaseOrderBatch, results: &[OrderResult]) -> Result<(), Error> {
    let rejected = PurchaseOrderStatus::Rejected.word();
    let rejected = results.iter().filter(|result| result.status == rejected && !batch.partial);
    let fault = |result: &OrderResult| {
        let (code, detail) = result.reason.clone().unwrap_or_default();
        Fault::new(format!("/lines/{}", result.line - 1), code, detail)
    };
    let faults: Vec<Fault> = rejected.take(FAULTS_MAX).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}
