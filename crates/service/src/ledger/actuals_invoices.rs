//! Invoices of partners whose costs a batch of actuals posts, found by the numbers that its lines name. Work that was accepted
//! without an order, or beyond it, is accrued by the review; the accrual is taken back part by part as the costs of its
//! invoice are posted, and accrued again where they are reversed, so that it counts either as accrual or as cost.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::claimed::Charge;
use steerco_domain::engagement::Engagement;
use steerco_domain::id::Id;
use steerco_domain::invoice::{Invoice, InvoiceType};
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::milestone::Milestone;
use steerco_domain::money::{Amount, Money};
use steerco_domain::payable::Payable;
use steerco_domain::program::Program;
use steerco_domain::review::{AccrualWay, Review, ReviewAccrual};
use steerco_domain::time::Day;
use steerco_persistence::account::hold;
use steerco_persistence::{Fail, vendor};

use crate::actuals_sent::Sent;
use crate::beside::change;
use crate::review_acceptance::post_accrual;
use crate::write_context::WriteContext;

/// The invoices of a batch.
pub(crate) struct Invoices {
    entity: Id<LegalEntity>,
    by_id: HashMap<Id<Invoice>, Posted>,
    /// None where several partners have an invoice of this number.
    by_number: HashMap<String, Option<Id<Invoice>>>,
}

/// An invoice with the costs that the lines so far add to it.
struct Posted {
    invoice: Invoice,
    program: Option<Id<Program>>,
    /// What the reviews of its work have accrued.
    accrued: i64,
    units: i64,
    /// The day of the last of these costs.
    day: Option<Day>,
}

impl Invoices {
    /// Reads the invoices that the lines name.
    pub(crate) async fn read(write: &WriteContext<'_>, entity: &LegalEntity, sent: &Sent) -> Result<Self, Fail> {
        let mut invoices = Self { entity: entity.id, by_id: HashMap::new(), by_number: HashMap::new() };
        let numbers: Vec<String> = sent.invoices.iter().cloned().collect();
        for invoice in vendor::list_invoices(write.conn, write.context.caller.organisation(), &numbers).await? {
            let id = invoice.id;
            let known = invoices.by_number.entry(invoice.number.to_string());
            known.and_modify(|known| *known = None).or_insert(Some(id));
            invoices.keep(write, invoice).await?;
        }
        Ok(invoices)
    }

    /// Reads the invoices of the entries that are replaced.
    pub(crate) async fn read_replaced(
        &mut self,
        write: &WriteContext<'_>,
        replaced: impl Iterator<Item = &LedgerEntry>,
    ) -> Result<(), Fail> {
        let org = write.context.caller.organisation();
        let fresh: BTreeSet<String> = replaced
            .filter_map(|entry| entry.invoice_id)
            .filter(|id| !self.by_id.contains_key(id))
            .map(|id| id.to_string())
            .collect();
        for id in fresh {
            if let Some(invoice) = hold::<Invoice>(write.conn, org, &id).await? {
                self.keep(write, invoice).await?;
            }
        }
        Ok(())
    }

    async fn keep(&mut self, write: &WriteContext<'_>, invoice: Invoice) -> Result<(), Fail> {
        let org = write.context.caller.organisation();
        let (mut program, mut accrued, mut milestones) = (None, 0_i64, BTreeSet::new());
        for id in invoice.lines.0.iter().filter_map(|line| line.payable_id) {
            let Some(payable) = hold::<Payable>(write.conn, org, &id.to_string()).await? else { continue };
            if !milestones.insert(payable.milestone_id.as_u128()) {
                continue;
            }
            if program.is_none() {
                program = program_of(write, payable.milestone_id).await?;
            }
            for review in vendor::list_reviews(write.conn, org, &payable.milestone_id.to_string()).await? {
                accrued = accrued.saturating_add(standing(&review, self.entity));
            }
        }
        self.by_id.insert(invoice.id, Posted { invoice, program, accrued, units: 0, day: None });
        Ok(())
    }

    /// The invoice that a line posts, with the program of its work, where the engagement fits.
    pub(crate) fn find(
        &self,
        line: &ActualsLine,
        fits: impl FnOnce(Id<Engagement>) -> bool,
    ) -> Option<(Id<Invoice>, Option<Id<Program>>)> {
        let id = (*self.by_number.get(line.invoice()?.as_str())?)?;
        let Posted { invoice, program, .. } = self.by_id.get(&id)?;
        (fits(invoice.engagement_id) && invoice.currency == line.amount.currency).then_some((id, *program))
    }

    /// How much of its accrual a cost takes back.
    pub(crate) fn freed(&self, id: Id<Invoice>, units: i64) -> i64 {
        let Some(found) = self.by_id.get(&id) else { return 0 };
        units.min(found.accrued.saturating_sub(found.units)).max(0)
    }

    /// Adds a cost, which may be negative, to its invoice. What an order bears is not accrued by a review.
    pub(crate) fn post(&mut self, id: Id<Invoice>, units: i64, day: Day) {
        if let Some(found) = self.by_id.get_mut(&id) {
            found.units = found.units.saturating_add(units);
            found.day = found.day.max(Some(day));
        }
    }

    /// Writes what the costs change: the posted amounts of the invoices, and the accruals of the work they charge.
    pub(crate) async fn finish(self, write: &WriteContext<'_>, entity: &LegalEntity) -> Result<(), Fail> {
        let mut posted: Vec<Posted> = self.by_id.into_values().filter(|found| found.units != 0).collect();
        posted.sort_unstable_by_key(|found| found.invoice.id.as_u128());
        let mut accruals = Accruals { entity, reviews: BTreeMap::new() };
        let mut changed: BTreeMap<u128, (Invoice, Invoice)> = BTreeMap::new();
        for Posted { invoice, units, day, .. } in posted {
            // A credit note takes back what was posted of the invoice it credits.
            let of = invoice.credited_invoice_id.filter(|_| invoice.invoice_type == InvoiceType::CreditNote);
            let of = of.unwrap_or(invoice.id);
            if let std::collections::btree_map::Entry::Vacant(free) = changed.entry(of.as_u128()) {
                let org = write.context.caller.organisation();
                let Some(held) = hold::<Invoice>(write.conn, org, &of.to_string()).await? else { continue };
                free.insert((held.clone(), held));
            }
            let Some((_, after)) = changed.get_mut(&of.as_u128()) else { continue };
            let sum = after.posted.map_or(0, Amount::units).saturating_add(units);
            after.posted = Some(Amount::new(sum));
            accruals.follow(write, after, day.unwrap_or_else(|| write.now.day())).await?;
        }
        for (before, after) in changed.into_values() {
            change(write, &before, after, "post", write.now);
        }
        for (before, after) in accruals.reviews.into_values() {
            change(write, &before, after, "post_invoice", write.now);
        }
        Ok(())
    }
}

/// The reviews whose accruals follow the posted invoices, before and after.
struct Accruals<'a> {
    entity: &'a LegalEntity,
    reviews: BTreeMap<u128, (Review, Review)>,
}

impl Accruals<'_> {
    /// Takes back or restores the accruals of the work that an invoice charges, by the amount that is posted of it.
    async fn follow(&mut self, write: &WriteContext<'_>, invoice: &Invoice, day: Day) -> Result<(), Fail> {
        let org = write.context.caller.organisation();
        let (mut left, mut wanted) =
            (invoice.posted.map_or(0, Amount::units).max(0), BTreeMap::<u128, (Id<Milestone>, i64)>::new());
        for line in &invoice.lines.0 {
            let part = line.units().min(left);
            left -= part;
            let Some(id) = line.payable_id else { continue };
            let Some(payable) = hold::<Payable>(write.conn, org, &id.to_string()).await? else { continue };
            let sum = wanted.entry(payable.milestone_id.as_u128()).or_insert((payable.milestone_id, 0));
            sum.1 = sum.1.saturating_add(part);
        }
        for (milestone, wanted) in wanted.into_values() {
            self.settle(write, invoice, milestone, wanted, day).await?;
        }
        Ok(())
    }

    /// Makes `wanted` the amount that this invoice has taken back of the accruals of a milestone, as far as there are any.
    async fn settle(
        &mut self,
        write: &WriteContext<'_>,
        invoice: &Invoice,
        milestone: Id<Milestone>,
        wanted: i64,
        day: Day,
    ) -> Result<(), Fail> {
        let org = write.context.caller.organisation();
        let charge = Id::from_u128(invoice.id.as_u128());
        for review in vendor::list_reviews(write.conn, org, &milestone.to_string()).await? {
            self.reviews.entry(review.id.as_u128()).or_insert_with(|| (review.clone(), review));
        }
        let of_milestone = || self.reviews.iter().filter(|(_, (review, _))| review.milestone_id == milestone);
        let ids: Vec<u128> = of_milestone().map(|(id, _)| *id).collect();
        let taken: i64 = of_milestone().map(|(_, (_, review))| taken_by(review, charge)).sum();
        let mut left = wanted - taken;
        if left == 0 {
            return Ok(());
        }
        let program = program_of(write, milestone).await?;
        let program = program.ok_or_else(|| Fail::broken("a milestone has no program"))?;
        for id in ids {
            let Some((_, review)) = self.reviews.get_mut(&id) else { continue };
            let Some(currency) = review.accepted_value.map(|value| value.currency) else { continue };
            if currency != invoice.currency {
                continue;
            }
            let part =
                if left > 0 { left.min(standing(review, self.entity.id)) } else { left.max(-taken_by(review, charge)) };
            if part == 0 {
                continue;
            }
            left -= part;
            post_accrual(write, program, review, (self.entity.id, day), Money::new(-part, currency)).await?;
            let of_invoice = review.accruals.iter_mut().find(|accrual| accrual.invoice_id == Some(charge));
            match of_invoice {
                Some(accrual) => accrual.amount = Amount::new(accrual.amount.units() - part),
                None => review.accruals.push(ReviewAccrual {
                    way: AccrualWay::Entry,
                    commitment_id: None,
                    legal_entity_id: Some(self.entity.id),
                    amount: Amount::new(-part),
                    invoice_id: Some(charge),
                }),
            }
        }
        Ok(())
    }
}

/// The program of a milestone, or else the first one of its engagement.
async fn program_of(write: &WriteContext<'_>, milestone: Id<Milestone>) -> Result<Option<Id<Program>>, Fail> {
    let org = write.context.caller.organisation();
    let Some(milestone) = hold::<Milestone>(write.conn, org, &milestone.to_string()).await? else { return Ok(None) };
    let (None, Some(engagement)) = (milestone.program_id, milestone.engagement_id) else {
        return Ok(milestone.program_id);
    };
    let engagement = hold::<Engagement>(write.conn, org, &engagement.to_string()).await?;
    Ok(engagement.and_then(|engagement| engagement.program_ids.first().copied()))
}

/// What a review has accrued by entries of its own in these books, less what was taken back.
fn standing(review: &Review, entity: Id<LegalEntity>) -> i64 {
    let own = |accrual: &&ReviewAccrual| accrual.way == AccrualWay::Entry && accrual.legal_entity_id == Some(entity);
    review.accruals.iter().filter(own).map(|accrual| accrual.amount.units()).sum()
}

/// What an invoice has taken back of it.
fn taken_by(review: &Review, invoice: Id<Charge>) -> i64 {
    -review
        .accruals
        .iter()
        .filter(|accrual| accrual.invoice_id == Some(invoice))
        .map(|accrual| accrual.amount.units())
        .sum::<i64>()
}
