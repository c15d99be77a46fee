//! Processes the lines of a batch of purchase orders: each line creates or changes a commitment through the same steps as a
//! person would, under budget control.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use steerco_domain::actuals_line::Tally;
use steerco_domain::commitment::{AmendCommitment, CancelCommitment, CommitCommitment, Commitment};
use steerco_domain::cost_category::CostCategory;
use steerco_domain::engagement::Engagement;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::{Amount, Money};
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::purchase_order_batch::{
    PostPurchaseOrderBatch, PurchaseOrderAction, PurchaseOrderLine, PurchaseOrderOutcome, PurchaseOrderResult,
    PurchaseOrderStatus,
};
use steerco_domain::resource::{Seed, Verb};
use steerco_domain::text::Text;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Change, ChangeKind, Fail, Scope, commitment};

use crate::budget::{Books, Posting};
use crate::budget_control::{Budgeted, Control, Verdict};
use crate::coding_rule::{Named, check_known, read_known};
use crate::commitment::{add_entries, open_period};
use crate::hooks::settle;
use crate::write_context::WriteContext;

/// Error code and text of a rejected line.
type Why = (String, String);

/// Works through the lines of a batch.
pub(crate) struct Desk<'a> {
    batch: &'a PostPurchaseOrderBatch,
    entity: &'a LegalEntity,
    books: Books,
    /// Ids of the resources that lines name and that exist.
    known: HashSet<String>,
    orders: Vec<Order>,
    by_key: HashMap<(String, String), usize>,
    requests: Control,
    commits: Control,
    posting: Posting,
    tally: Tally<PurchaseOrderStatus>,
    pub(crate) results: Vec<PurchaseOrderResult>,
}

/// A commitment before the batch, unless it is new, and after the lines so far.
struct Order {
    before: Option<Commitment>,
    after: Commitment,
    action: &'static str,
}

impl<'a> Desk<'a> {
    pub(crate) async fn read(
        write: &WriteContext<'_>,
        scope: &Scope,
        batch: &'a PostPurchaseOrderBatch,
        entity: &'a LegalEntity,
        books: Books,
        references: &[String],
    ) -> Result<Self, Fail> {
        let mut named = Named::new();
        for line in &batch.lines.0 {
            named.extend(line.program_id.map(|id| (Program::KIND.name, id.to_string())));
            named.extend(line.project_id.map(|id| (Project::KIND.name, id.to_string())));
            named.extend(line.cost_category_id.map(|id| (CostCategory::KIND.name, id.to_string())));
            named.extend(line.engagement_id.map(|id| (Engagement::KIND.name, id.to_string())));
        }
        let overrides = batch.override_reason.is_some();
        let mut desk = Self {
            batch,
            entity,
            books,
            known: read_known(write, scope, &named).await?,
            orders: Vec::new(),
            by_key: HashMap::new(),
            requests: Control::new(entity.request_control, overrides),
            commits: Control::new(entity.budget_control, overrides),
            posting: Posting::new(write, entity.id, entity.currency),
            tally: Tally::default(),
            results: Vec::with_capacity(batch.lines.0.len()),
        };
        // Read again under the lock: another batch may have created some.
        for it in commitment::hold_orders(write.conn, scope.org(), &entity.id.to_string(), references).await? {
            let line = it.purchase_order_line.as_ref().map(Text::to_string).unwrap_or_default();
            desk.by_key.insert((it.purchase_order_reference.to_string(), line), desk.orders.len());
            desk.orders.push(Order { before: Some(it.clone()), after: it, action: "" });
        }
        Ok(desk)
    }

    /// Processes one line.
    pub(crate) async fn take(&mut self, write: &WriteContext<'_>, line: &PurchaseOrderLine) -> Result<(), Fail> {
        let place = self.by_key.get(&line.key()).copied();
        let standing = place.and_then(|place| self.orders.get(place)).map(|order| order.after.clone());
        let mut result = PurchaseOrderResult {
            line: i32::try_from(self.results.len() + 1).unwrap_or(i32::MAX),
            purchase_order_reference: line.purchase_order_reference.to_string(),
            purchase_order_line: line.purchase_order_line.as_ref().map(Text::to_string),
            action: line.action,
            status: PurchaseOrderStatus::Unchanged,
            reason: None,
            detail: None,
            commitment_id: standing.as_ref().map(Resource::id_text),
            over_budget: false,
        };
        match self.apply(write, line, standing).await? {
            Ok(None) => {}
            Ok(Some((after, over_budget))) => {
                result.commitment_id = Some(after.id_text());
                result.over_budget = over_budget;
                self.keep(line, place, after);
                result.status = PurchaseOrderStatus::Applied;
            }
            Err((reason, detail)) => {
                (result.reason, result.detail) = (Some(reason), Some(detail));
                result.status = PurchaseOrderStatus::Rejected;
            }
        }
        self.tally.add(result.status, line.amount);
        self.results.push(result);
        Ok(())
    }

    fn keep(&mut self, line: &PurchaseOrderLine, place: Option<usize>, after: Commitment) {
        let action = match line.action {
            PurchaseOrderAction::Request => "create",
            PurchaseOrderAction::Commit => CommitCommitment::NAME,
            PurchaseOrderAction::Amend => AmendCommitment::NAME,
            PurchaseOrderAction::FinalInvoice => "invoice",
            PurchaseOrderAction::Cancel => CancelCommitment::NAME,
        };
        if let Some(order) = place.and_then(|place| self.orders.get_mut(place)) {
            (order.after, order.action) = (after, action);
        } else {
            self.by_key.insert(line.key(), self.orders.len());
            self.orders.push(Order { before: None, after, action });
        }
    }

    /// The commitment after the line, and whether it exceeds the budget; none if the line changes nothing.
    async fn apply(
        &mut self,
        write: &WriteContext<'_>,
        line: &PurchaseOrderLine,
        standing: Option<Commitment>,
    ) -> Result<Result<Option<(Commitment, bool)>, Why>, Fail> {
        let before = match standing {
            None => None,
            Some(it) => {
                if let Err(why) = agrees(line, &it) {
                    return Ok(Err(why));
                }
                if stands(line, &it) {
                    return Ok(Ok(None));
                }
                Some(it)
            }
        };
        let fresh = before.is_none();
        let start = match before.map_or_else(|| self.request(write, line), Ok) {
            Ok(start) => start,
            Err(why) => return Ok(Err(why)),
        };
        let mut after = start.clone();
        if let Err(error) = step(line, &mut after, fresh, write).and_then(|()| settle(&mut after)) {
            return Ok(Err(error.into_first()));
        }
        if start.bound() != after.bound()
            && let Err(error) = open_period(&self.books, after.fiscal_period_id, false)
        {
            return Ok(Err(error.into_first()));
        }
        let over_budget = match self.control(write, line, &start, &after).await? {
            Verdict::Fits => false,
            Verdict::Beyond(_) => true,
            Verdict::Refused(detail) => return Ok(Err(("OVER_BUDGET".to_owned(), detail))),
        };
        after.over_budget |= over_budget;
        if fresh && !over_budget {
            after.override_reason = None;
        }
        add_entries(&self.books, &mut self.posting, &start, &mut after, false)?;
        Ok(Ok(Some((after, over_budget))))
    }

    async fn control(
        &mut self,
        write: &WriteContext<'_>,
        line: &PurchaseOrderLine,
        start: &Commitment,
        after: &Commitment,
    ) -> Result<Verdict, Fail> {
        let more = after.committed.units().saturating_sub(start.committed.units());
        let (control, more) = match line.action {
            PurchaseOrderAction::Request => (&mut self.requests, after.requested.units),
            _ => (&mut self.commits, more),
        };
        let at = Budgeted::of(&self.books, after.program_id, after.fiscal_period_id, after.requested.currency);
        match at {
            Some(at) => control.take(write, &self.books, at, &[(at, more.saturating_neg())]).await,
            None => Ok(Verdict::Fits),
        }
    }

    /// A new commitment, requested by this line.
    fn request(&self, write: &WriteContext<'_>, line: &PurchaseOrderLine) -> Result<Commitment, Why> {
        let why = |code: &str, detail: String| (code.to_owned(), detail);
        if !matches!(line.action, PurchaseOrderAction::Request | PurchaseOrderAction::Commit) {
            return Err(why(
                "NOT_FOUND",
                "the books have no commitment for this order line: commit it first".to_owned(),
            ));
        }
        let needed =
            |name: &str| why("REQUIRED", format!("{name} is required for an order line that is not stored yet"));
        let program = line.program_id.ok_or_else(|| needed("program_id"))?;
        let title = line.title.as_ref().ok_or_else(|| needed("title"))?;
        check_known(&self.known, program, line.project_id, line.cost_category_id)
            .map_err(|(code, detail)| why(code, detail))?;
        if line.engagement_id.is_some_and(|id| !self.known.contains(&id.to_string())) {
            return Err(why("NOT_FOUND", "the engagement does not exist".to_owned()));
        }
        let body = json!({
            "program_id": program, "legal_entity_id": self.entity.id, "fiscal_period_id": self.period(line)?,
            "project_id": line.project_id, "cost_category_id": line.cost_category_id, "spend": line.spend,
            "engagement_id": line.engagement_id, "purchase_order_reference": line.purchase_order_reference,
            "purchase_order_line": line.purchase_order_line, "title": title, "requested": line.amount,
            "override_reason": self.batch.override_reason,
        });
        let empty = serde_json::Map::new();
        let seed = Seed { id: write.new_id(), at: write.now, effective_at: write.now, by: write.actor() };
        Commitment::create(body.as_object().unwrap_or(&empty), &seed).map_err(Error::into_first)
    }

    /// The period in which a new commitment is budgeted.
    fn period(&self, line: &PurchaseOrderLine) -> Result<Id<FiscalPeriod>, Why> {
        let why = |code: &str, detail: String| (code.to_owned(), detail);
        if let Some(id) = line.fiscal_period_id {
            let there = self.books.periods.contains_key(&id);
            let missing = || why("NO_PERIOD", "the legal entity has no such fiscal period".to_owned());
            return there.then_some(id).ok_or_else(missing);
        }
        let missing = || {
            why(
                "REQUIRED",
                "fiscal_period_id or ordered_on is required for an order line that is not stored yet".to_owned(),
            )
        };
        let day = line.ordered_on.ok_or_else(missing)?;
        let mut of_day = self.books.periods.values().filter(|it| !it.adjustment);
        let found = of_day.find(|it| (it.starts_on..=it.ends_on).contains(&day)).map(|it| it.id);
        found.ok_or_else(|| why("NO_PERIOD", format!("there is no fiscal period for {day}: create it")))
    }

    /// Number of lines per outcome, with their sums.
    pub(crate) fn outcomes(&self) -> Result<Vec<PurchaseOrderOutcome>, Error> {
        let too_much = || Error::fault("/lines", "OUT_OF_RANGE", "the sum of the lines exceeds the range of an amount");
        let outcome = |(status, count, totals)| PurchaseOrderOutcome { status, count, totals };
        Ok(self.tally.ends().ok_or_else(too_much)?.into_iter().map(outcome).collect())
    }

    /// Writes every commitment that the batch creates or changes once, with its ledger entries.
    pub(crate) fn finish(self, write: &WriteContext<'_>, source: &str) -> Result<Vec<PurchaseOrderResult>, Fail> {
        for Order { before, mut after, action } in self.orders {
            let change = match &before {
                None => Change::new(ChangeKind::Insert, None, &after, "create", Some(source)),
                Some(before) if after == *before => continue,
                Some(before) => {
                    after.revision += 1;
                    after.updated_at = write.now;
                    Change::new(ChangeKind::Update, Some(before), &after, action, Some(source))
                }
            };
            write.change_also(change);
        }
        self.posting.post(write)?;
        Ok(self.results)
    }
}

/// Checks that the other members of a line match the commitment.
fn agrees(line: &PurchaseOrderLine, it: &Commitment) -> Result<(), Why> {
    let differs = |name: &str| Err(("DOES_NOT_FIT".to_owned(), format!("the commitment has another {name}")));
    if line.amount.is_some_and(|amount| amount.currency != it.requested.currency) {
        return differs("currency");
    }
    if line.program_id.is_some_and(|id| id != it.program_id) {
        return differs("program_id");
    }
    if line.fiscal_period_id.is_some_and(|id| id != it.fiscal_period_id) {
        return differs("fiscal_period_id");
    }
    if line.project_id.is_some() && line.project_id != it.project_id {
        return differs("project_id");
    }
    if line.engagement_id.is_some() && line.engagement_id != it.engagement_id {
        return differs("engagement_id");
    }
    if line.cost_category_id.is_some() && line.cost_category_id != it.cost_category_id {
        return differs("cost_category_id");
    }
    if line.spend.is_some() && line.spend != it.spend {
        return differs("spend");
    }
    Ok(())
}

/// Whether the commitment already is as the line describes.
fn stands(line: &PurchaseOrderLine, it: &Commitment) -> bool {
    let amount = line.amount.map(|amount| amount.units);
    match line.action {
        PurchaseOrderAction::Request => amount == Some(it.requested.units),
        PurchaseOrderAction::Commit => it.committed.units() > 0 && amount == Some(it.committed.units()),
        PurchaseOrderAction::Amend => amount == Some(it.committed.units()),
        PurchaseOrderAction::FinalInvoice => it.final_invoice,
        PurchaseOrderAction::Cancel => it.cancelled_at.is_some(),
    }
}

/// Applies the step of a line.
fn step(line: &PurchaseOrderLine, on: &mut Commitment, fresh: bool, write: &WriteContext<'_>) -> Result<(), Error> {
    let Money { units, currency } = line.amount.unwrap_or(on.requested);
    let (amount, code) = (Amount::new(units), currency.code());
    match line.action {
        PurchaseOrderAction::Request if fresh => Ok(()),
        PurchaseOrderAction::Request => {
            let requested = Amount::new(on.requested.units);
            Err(Error::fault("", "ALREADY_EXISTS", format!("{requested} {code} are already requested")))
        }
        PurchaseOrderAction::Commit if on.committed.units() > 0 => {
            let committed = on.committed;
            Err(Error::fault(
                "",
                "ALREADY_EXISTS",
                format!("{committed} {code} are already committed: amend the commitment"),
            ))
        }
        PurchaseOrderAction::Commit => {
            let act = CommitCommitment { amount, override_budget: false, reason: line.reason.clone() };
            act.decide(on, write.now)
        }
        PurchaseOrderAction::Amend => {
            let reason = line.reason.clone().ok_or_else(|| Error::fault("", "REQUIRED", "reason is required"))?;
            AmendCommitment { amount, reason, override_budget: false }.decide(on, write.now)
        }
        PurchaseOrderAction::FinalInvoice => on.finish(),
        PurchaseOrderAction::Cancel => {
            let reason = line.reason.clone().ok_or_else(|| Error::fault("", "REQUIRED", "reason is required"))?;
            CancelCommitment { reason }.decide(on, write.now)
        }
    }
}
