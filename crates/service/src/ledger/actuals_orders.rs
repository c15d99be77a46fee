//! Order lines that a batch of actuals invoices: found by the references of its lines, reduced in the order of the lines,
//! and written once each, so that received work counts either as commitment or accrual or as cost, never twice.

use std::collections::{BTreeSet, HashMap};

use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::commitment::Commitment;
use steerco_domain::engagement::Engagement;
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::Amount;
use steerco_domain::text::Text;
use steerco_persistence::{Fail, commitment};

use crate::actuals_sent::{OrderKey, Sent};
use crate::budget::{Books, Posting};
use crate::budget_control::Budgeted;
use crate::commitment::{add_entries, change_also, open_period};
use crate::hooks::settle;
use crate::write_context::WriteContext;

/// Error code and text of a line that cannot be posted.
pub(crate) type Why = (&'static str, String);

/// The order lines of a batch.
pub(crate) struct Orders {
    held: HashMap<Id<Commitment>, Order>,
    by_key: HashMap<OrderKey, Id<Commitment>>,
    pub(crate) books: Books,
    adjusting: bool,
}

/// An order line after the lines so far.
struct Order {
    before: Commitment,
    invoiced: i64,
    document: Option<Text<200>>,
}

impl Orders {
    /// Locks the commitments that the lines name, and the periods for their entries where needed.
    pub(crate) async fn read(write: &WriteContext<'_>, entity: &LegalEntity, sent: &Sent) -> Result<Self, Fail> {
        let (keys, adjusting) = (&sent.orders, sent.batch.adjusting);
        let controlled = entity.actuals_control.is_some();
        if keys.is_empty() && !sent.batch.corrections && !controlled {
            let books = Books { periods: HashMap::new() };
            return Ok(Self { held: HashMap::new(), by_key: HashMap::new(), books, adjusting });
        }
        let mut references: Vec<String> = keys.iter().map(|(reference, _)| reference.clone()).collect();
        references.dedup();
        let org = write.context.caller.organisation();
        let found = commitment::hold_orders(write.conn, org, &entity.id.to_string(), &references).await?;
        let books = Books::read(write, entity.id).await?;
        let mut orders = Self { held: HashMap::new(), by_key: HashMap::new(), books, adjusting };
        for it in found {
            orders.by_key.insert(key(&it), it.id);
            orders.hold(it);
        }
        Ok(orders)
    }

    /// Locks the commitments that the replaced entries invoiced too, because a correction reverses those invoices.
    pub(crate) async fn read_replaced(
        &mut self,
        write: &WriteContext<'_>,
        replaced: impl Iterator<Item = &LedgerEntry>,
    ) -> Result<(), Fail> {
        let invoiced = replaced.filter_map(|entry| entry.invoiced_commitment_id);
        let fresh: BTreeSet<String> =
            invoiced.filter(|id| !self.held.contains_key(id)).map(|id| id.to_string()).collect();
        let fresh: Vec<String> = fresh.into_iter().collect();
        for it in commitment::hold(write.conn, write.context.caller.organisation(), &fresh).await? {
            self.hold(it);
        }
        Ok(())
    }

    fn hold(&mut self, before: Commitment) {
        let invoiced = before.invoiced.units();
        self.held.insert(before.id, Order { before, invoiced, document: None });
    }

    /// The commitment that a line invoices, if it names an order; or an error code and text.
    pub(crate) fn find(&self, line: &ActualsLine) -> Result<Option<&Commitment>, Why> {
        let Some(key) = line.order() else { return Ok(None) };
        let order = self.by_key.get(&key).and_then(|id| self.held.get(id));
        let Some(Order { before: it, .. }) = order else {
            let (reference, line) = key;
            let line = if line.is_empty() { String::new() } else { format!(", line {line}") };
            let detail = format!("the books have no commitment for order {reference}{line}: send the order first");
            return Err(("NOT_FOUND", detail));
        };
        let (ordered, invoiced) = (it.requested.currency.code(), line.amount.currency.code());
        if ordered != invoiced {
            return Err(("DOES_NOT_FIT", format!("the order is in {ordered}, but the line is in {invoiced}")));
        }
        if line.program_id.is_some_and(|program| program != it.program_id) {
            return Err(("DOES_NOT_FIT", "the order belongs to another program".to_owned()));
        }
        self.check_period(it)?;
        Ok(Some(it))
    }

    /// The engagement of an order that was found.
    pub(crate) fn engagement(&self, id: Id<Commitment>) -> Option<Id<Engagement>> {
        self.held.get(&id)?.before.engagement_id
    }

    /// Whether an earlier invoice can be reversed.
    pub(crate) fn check_replaced(&self, entry: &LedgerEntry) -> Result<(), Why> {
        let order = entry.invoiced_commitment_id.and_then(|id| self.held.get(&id));
        order.map_or(Ok(()), |order| self.check_period(&order.before))
    }

    fn check_period(&self, it: &Commitment) -> Result<(), Why> {
        let open = open_period(&self.books, it.fiscal_period_id, self.adjusting);
        open.map(|_| ()).map_err(|error| ("PERIOD_CLOSED", error.into_first().1))
    }

    /// The amount that becomes available when an order is invoiced by this amount, and the budget it returns to.
    pub(crate) fn freed(&self, id: Id<Commitment>, units: i64) -> Option<(Budgeted, i64)> {
        let Order { before: it, invoiced, .. } = self.held.get(&id)?;
        let sum = |(committed, accrued): (i64, i64)| committed.saturating_add(accrued);
        let freed = sum(it.bound_at(*invoiced)).saturating_sub(sum(it.bound_at(invoiced.saturating_add(units))));
        Some((Budgeted::of(&self.books, it.program_id, it.fiscal_period_id, it.requested.currency)?, freed))
    }

    /// Invoices an order by this amount, which may be negative. Returns the amount beyond what the order had left or,
    /// below zero, beyond what was invoiced.
    pub(crate) fn invoice(
        &mut self,
        id: Id<Commitment>,
        units: i64,
        document: Option<&Text<200>>,
    ) -> Result<Option<Amount>, Why> {
        let Some(order) = self.held.get_mut(&id) else { return Ok(None) };
        let too_much = || ("OUT_OF_RANGE", "the invoices of the order exceed the range of an amount".to_owned());
        let (after, ordered) =
            (order.invoiced.checked_add(units).ok_or_else(too_much)?, order.before.committed.units());
        order.invoiced = after;
        order.document = document.cloned().or(order.document.take());
        let exceeds = if units > 0 { (after - ordered.min(after)).min(units) } else { after.min(0).max(units) };
        Ok(Some(Amount::new(exceeds)).filter(|amount| amount.units() != 0))
    }

    /// Writes every order whose invoices have changed, with its ledger entries.
    pub(crate) fn finish(self, write: &WriteContext<'_>, entity: &LegalEntity) -> Result<(), Fail> {
        let changed = self.held.into_values().filter(|order| order.invoiced != order.before.invoiced.units());
        let mut changed: Vec<Order> = changed.collect();
        changed.sort_unstable_by_key(|order| order.before.id.as_u128());
        if changed.is_empty() {
            return Ok(());
        }
        let mut posting = Posting::new(write, entity.id, entity.currency);
        for Order { before, invoiced, document } in changed {
            let mut after = before.clone();
            after.take_invoices(Amount::new(invoiced), document);
            settle(&mut after)?;
            add_entries(&self.books, &mut posting, &before, &mut after, self.adjusting)?;
            let action = if invoiced < before.invoiced.units() { "credit" } else { "invoice" };
            change_also(write, &before, &mut after, action);
        }
        posting.post(write)?;
        Ok(())
    }
}

fn key(it: &Commitment) -> OrderKey {
    let line = it.purchase_order_line.as_ref().map(Text::to_string).unwrap_or_default();
    (it.purchase_order_reference.to_string(), line)
}
