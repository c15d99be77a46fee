//! Moves costs out of suspense once a coding rule maps them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::json;
use sha2::{Digest, Sha256};
use steerco_domain::access::{Permission, find};
use steerco_domain::actuals_batch::{ActualsBatch, ActualsBatchType, ActualsResult, ActualsStatus, ReclassifyActuals};
use steerco_domain::actuals_line::tally;
use steerco_domain::fiscal_period::{FiscalPeriod, FiscalPeriodState};
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::input::read_input;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::text::Text;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ledger::{self, Postings, Unposted};
use steerco_persistence::{Change, ChangeKind, Fail};

use crate::actuals_batch::{PostedBatch, find_entity, first_answer, new_batch, posting};
use crate::actuals_maker::id_of;
use crate::coding_rule::Coder;
use crate::command::{Command, Decided, Item, make};
use crate::line_results::RESULTS_SHOWN;
use crate::operation::{Body, Operation};
use crate::source::check_source_code;
use crate::write_context::WriteContext;
use crate::{Context, Outcome, Service};

const RECLASSIFY: &Permission = find("actuals_batch", "reclassify");
/// Maximum number of costs that one request examines.
const MOVED_MAX: usize = 100_000;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "reclassify_actuals",
    permission: Some(RECLASSIFY),
    path: "/v1/actuals-batches/reclassify",
    summary: "Move costs out of suspense",
    doc: "Moves every cost in suspense that a current coding rule maps by a balanced entry: in its own period or, \
          where that is closed, in the next open one. With `validate_only`, returns the expected moves and posts \
          nothing.",
    body: Some(Body::of::<ReclassifyActuals>(r#"{"source": "gla", "batch_ref": "suspense 2008-04"}"#)),
    ..posting(|service, context, arguments| {
        Box::pin(async move {
            let act = read_input(&arguments.body())?;
            Ok(service.reclassify_actuals(&context, act).await?.into())
        })
    })
}];

impl Service {
    /// Moves the costs in suspense that the current rules map.
    pub fn reclassify_actuals<'a>(
        &'a self,
        context: &'a Context,
        act: ReclassifyActuals,
    ) -> BoxFuture<'a, Result<PostedBatch, Error>> {
        Box::pin(async move {
            if act.proposed_rule.is_some() && !context.validate_only {
                let detail = "a proposed rule is allowed with validate_only only";
                return Err(Error::fault("/proposed_rule", "DOES_NOT_FIT", detail));
            }
            let act = Arc::new(act);
            let input = json!([act.source, act.batch_ref, act.legal_entity_id]);
            let (id, base) = (self.inner.clock.new_id(), self.inner.clock.new_id());
            let told = Arc::new(Mutex::new(Vec::new()));
            let telling = Arc::clone(&told);
            let make = make(move |write| {
                let (act, told) = (Arc::clone(&act), Arc::clone(&telling));
                Box::pin(async move { decide(write, &act, [id, base], &told).await })
            });
            let item = Item::Make { permission: RECLASSIFY, make };
            let command = Command::one(ActualsBatch::KIND, RECLASSIFY.action, input, item);
            let written = self.execute_one(context, command).await?.typed()?;
            let results = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
            self.posted(&context.caller, written, results).await
        })
    }
}

/// A cost in suspense and, if a rule maps it, the entry that moves it.
type Move = (LedgerEntry, Option<LedgerEntry>);

async fn decide(
    write: &WriteContext<'_>,
    act: &ReclassifyActuals,
    [id, base]: [u128; 2],
    told: &Mutex<Vec<ActualsResult>>,
) -> Result<Decided, Fail> {
    let scope = write.scope(Some(RECLASSIFY))?;
    if !scope.is_whole() {
        return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
    }
    let source = check_source_code(write, act.source.as_str()).await?;
    let entity = find_entity(write, act.legal_entity_id).await?;
    let periods = ledger::hold_periods(write.conn, scope.org(), &entity.id.to_string(), None).await?;
    ledger::take_turn(write.conn, scope.org()).await?;
    // The digest does not depend on the costs in suspense, so that the same request is recognised later.
    let sha256 = hex(&Sha256::digest(format!("reclassify {} {}", source.as_str(), entity.id)));
    if let Some(before) = ledger::find_batch(write.conn, scope.org(), source.as_str(), act.batch_ref.as_str()).await? {
        if act.proposed_rule.is_some() {
            let detail = "a batch with this reference already exists: use another reference to try a rule";
            return Err(Error::fault("/batch_ref", "DOES_NOT_FIT", detail).into());
        }
        return first_answer(scope, before, &sha256);
    }
    let waiting =
        ledger::list_suspense(write.conn, scope.org(), source.as_str(), &entity.id.to_string(), MOVED_MAX).await?;
    let mut coder = Coder::read(write, &scope, source.as_str(), &entity, &HashSet::new()).await?;
    if let Some(rule) = &act.proposed_rule {
        coder.propose(write, &scope, rule).await?;
    }
    let header = [source.as_str(), act.batch_ref.as_str(), &sha256];
    let mut after = new_batch(write, id, header, ActualsBatchType::Reclassification, entity.id)?;
    let mut moves: Vec<Move> = Vec::with_capacity(waiting.len());
    for (i, entry) in waiting.into_iter().enumerate() {
        let to = moved(&entry, &coder, &periods, &after, id_of(base, i, 1), i)?;
        moves.push((entry, to));
    }
    let status = |moved: &Move| if moved.1.is_some() { ActualsStatus::Posted } else { ActualsStatus::Suspense };
    let too_much = || Error::fault("/source", "OUT_OF_RANGE", "the sum exceeds the range of an amount");
    after.outcomes = tally(moves.iter().map(|m| (status(m), m.0.amount))).ok_or_else(too_much)?;
    after.line_count = i32::try_from(moves.len()).unwrap_or(i32::MAX);
    let (mut count, mut all) = (0, Sha256::new());
    for (_, to) in &moves {
        if let Some(to) = to {
            count += 1;
            all.update(ledger::digested(to));
        }
    }
    (after.entry_count, after.entries_sha256) =
        (count, Text::parse(&hex(&all.finalize())).map_err(|(_, cause)| Error::internal(cause))?);
    *told.lock().unwrap_or_else(PoisonError::into_inner) =
        moves.iter().enumerate().take(RESULTS_SHOWN).map(|(i, m)| result(i, m, status(m))).collect();
    let unposted = moves.iter().enumerate().filter(|(_, m)| m.1.is_none()).map(|(i, m)| still(i, &m.0)).collect();
    let entries: Vec<Option<LedgerEntry>> = moves.into_iter().map(|(_, to)| to).collect();
    write.post(Postings {
        batch_id: after.id_text(),
        pieces: entries.len(),
        entries: ledger::made(move |line| entries.get(line).cloned().flatten().into_iter().collect()),
        unposted,
        orders: Vec::new(),
    });
    let change = Change::new(ChangeKind::Insert, None, &after, "reclassify", Some(source.as_str()));
    let (resource, outcome, change) = (Box::new(after), Outcome::Created, Some(change));
    Ok(Decided { resource, scope, outcome, change, source_version: None })
}

/// The entry that moves a cost to the coding of its rule: in its own period or, where that is closed, in the next open one.
fn moved(
    entry: &LedgerEntry,
    coder: &Coder,
    periods: &[FiscalPeriod],
    batch: &ActualsBatch,
    id: u128,
    line: usize,
) -> Result<Option<LedgerEntry>, Error> {
    let coding = coder.by_rule(entry.cost_code.as_ref(), entry.coding.as_ref(), entry.posted_on);
    let coding = coding.under(entry.cost_category_id, entry.spend);
    if coding.program_id.is_none() {
        return Ok(None);
    }
    let own = periods.iter().find(|period| period.id == entry.fiscal_period_id);
    let open = |period: &&FiscalPeriod| period.state == FiscalPeriodState::Open;
    let later = |period: &&FiscalPeriod| own.is_none_or(|own| period.starts_on > own.starts_on);
    let next = || periods.iter().filter(|period| !period.adjustment).filter(later).find(open);
    let Some(period) = own.filter(open).or_else(next) else {
        let detail = format!("{} is in a closed period, and no later period is open", entry.id);
        return Err(Error::new(Reason::WrongState, detail));
    };
    Ok(Some(LedgerEntry {
        id: Id::from_u128(id),
        created_at: batch.created_at,
        updated_at: batch.created_at,
        created_by: batch.created_by.clone(),
        actuals_batch_id: Some(batch.id),
        line: i32::try_from(line + 1).unwrap_or(i32::MAX),
        entry_type: LedgerEntryType::Reclassification,
        debit_account: LedgerAccount::Cost,
        credit_account: LedgerAccount::Suspense,
        fiscal_period_id: period.id,
        prior_period_id: (period.id != entry.fiscal_period_id).then_some(entry.fiscal_period_id),
        program_id: coding.program_id,
        project_id: coding.project_id,
        cost_category_id: coding.cost_category_id,
        spend: coding.spend,
        coding_rule_id: coding.rule_id,
        reverses_id: Some(entry.id),
        corrects_id: None,
        possible_repeat: false,
        ..entry.clone()
    }))
}

fn result(i: usize, (entry, to): &Move, status: ActualsStatus) -> ActualsResult {
    ActualsResult {
        line: i32::try_from(i + 1).unwrap_or(i32::MAX),
        external_id: entry.external_id.as_ref().map(Text::to_string).unwrap_or_default(),
        status,
        reason: None,
        detail: None,
        ledger_entry_id: Some(to.as_ref().unwrap_or(entry).id_text()),
        possible_repeat: false,
    }
}

fn still(i: usize, entry: &LedgerEntry) -> Unposted {
    Unposted {
        line: i32::try_from(i + 1).unwrap_or(i32::MAX),
        external_id: entry.external_id.as_ref().map(Text::to_string).unwrap_or_default(),
        status: ActualsStatus::Suspense,
        reason: None,
        entry_id: Some(entry.id_text()),
        amount: entry.amount,
    }
}
