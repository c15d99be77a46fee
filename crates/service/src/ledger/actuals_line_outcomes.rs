//! Decides the outcome of each line of a batch of actuals. Lines are processed in chunks; only a few bytes per line are
//! kept.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use steerco_domain::Resource;
use steerco_domain::actuals_batch::ActualsStatus;
use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::commitment::Commitment;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::{Amount, Currency};
use steerco_persistence::ledger::{self, Known, Unposted};
use steerco_persistence::{Fail, Scope};

use crate::actuals_invoices::Invoices;
use crate::actuals_maker::{EntrySum, Maker};
use crate::actuals_orders::{Orders, Why};
use crate::actuals_periods::Periods;
use crate::actuals_resolved::{Course, LineOutcome, Remark, Replaced, Resolved};
use crate::actuals_sent::{CHUNK, FAULTS_MAX, Line, Sent};
use crate::budget_control::{Budgeted, Control, Verdict};
use crate::coding_rule::{Coder, Coding};
use crate::write_context::WriteContext;

/// State while the outcomes of lines are decided.
pub(crate) struct Resolver<'a> {
    sent: &'a Sent,
    periods: &'a Periods,
    coder: Coder,
    orders: Orders,
    invoices: Invoices,
    control: Control,
    /// The entries that the lines of this chunk replace.
    old: HashMap<String, LedgerEntry>,
    org: String,
    /// Currency of the books.
    currency: Currency,
    resolved: Resolved,
    /// Sum of the entries that will be posted.
    sum: EntrySum,
    courses: HashMap<Course, u32>,
    /// Digest of each identifier, with the digest of its content.
    seen: HashMap<u128, u128>,
    contents: HashSet<u128>,
    /// Number of lines that reject the whole batch.
    rejected: usize,
}

impl<'a> Resolver<'a> {
    pub(crate) async fn new(
        write: &WriteContext<'_>,
        scope: &Scope,
        sent: &'a Sent,
        entity: &LegalEntity,
        periods: &'a Periods,
        (orders, invoices): (Orders, Invoices),
    ) -> Result<Self, Fail> {
        let coder = Coder::read(write, scope, sent.batch.source.as_str(), entity, &sent.named).await?;
        Ok(Self {
            sent,
            periods,
            coder,
            orders,
            invoices,
            control: Control::new(entity.actuals_control, sent.batch.override_reason.is_some()),
            old: HashMap::new(),
            org: scope.org().to_owned(),
            currency: entity.currency,
            resolved: Resolved::default(),
            sum: EntrySum::default(),
            courses: HashMap::new(),
            seen: HashMap::new(),
            contents: HashSet::new(),
            rejected: 0,
        })
    }

    pub(crate) fn done(self) -> (Resolved, EntrySum, Orders, Invoices) {
        (self.resolved, self.sum, self.orders, self.invoices)
    }

    /// Processes the next chunk.
    pub(crate) async fn take(&mut self, write: &WriteContext<'_>, n: usize, maker: &Maker) -> Result<(), Fail> {
        let lines = self.sent.lines.chunk(write.conn, n).await?;
        let source = self.sent.batch.source.as_str();
        let ids: Vec<&str> = lines.iter().map(|Line { line, .. }| line.external_id.as_str()).collect();
        let known = ledger::find_known(write.conn, &self.org, source, &ids).await?;
        let digests: Vec<&str> = lines.iter().map(|line| line.digest.as_str()).collect();
        let posted = ledger::find_contents(write.conn, &self.org, source, &digests).await?;
        if self.sent.batch.corrections {
            let replaced: Vec<String> = known.values().map(|known| known.entry_id.clone()).collect();
            self.old = ledger::find_entries(write.conn, &self.org, &replaced).await?;
            self.orders.read_replaced(write, self.old.values()).await?;
            self.invoices.read_replaced(write, self.old.values()).await?;
        }
        for (i, Line { line, digest }) in lines.iter().enumerate() {
            let (digest, number) = (digest.as_str(), n * CHUNK + i);
            let known = known.get(line.external_id.as_str());
            let end = if let Some(end) = self.sent_before(line, digest, known) {
                Err(end)
            } else {
                let repeats = self.contents.contains(&number_of(digest)) || posted.contains(digest);
                self.fate(write, line, known, repeats, number).await?
            };
            match end {
                Ok(fate) => {
                    self.contents.insert(number_of(digest));
                    self.resolved.tally.add(fate.status, line.amount);
                    self.resolved.fates.push(Some(fate));
                }
                Err(end) => self.leave(line, number, end),
            }
        }
        for entry in maker.entries(&self.resolved, n, &lines, &self.old) {
            self.sum.add(&entry);
        }
        Ok(())
    }

    fn leave(&mut self, line: &ActualsLine, number: usize, (status, reason, entry_id): End) {
        let resolved = &mut self.resolved;
        resolved.fates.push(None);
        resolved.tally.add(status, line.amount);
        // Where one rejected line rejects the batch, only as many are collected as are returned.
        if status == ActualsStatus::Rejected && !self.sent.batch.partial {
            self.rejected += 1;
            if self.rejected > FAULTS_MAX {
                return;
            }
        }
        resolved.unposted.push(Unposted {
            line: i32::try_from(number + 1).unwrap_or(i32::MAX),
            external_id: line.external_id.as_str().to_owned(),
            status,
            reason,
            entry_id,
            amount: line.amount,
        });
    }

    /// The outcome of a line whose identifier was sent before, in this batch or an earlier one, and that is not posted.
    fn sent_before(&mut self, line: &ActualsLine, digest: &str, known: Option<&Known>) -> Option<End> {
        let earlier = self.seen.insert(short(line.external_id.as_str()), number_of(digest));
        match (earlier, known) {
            (Some(earlier), _) if earlier == number_of(digest) => Some((ActualsStatus::Duplicate, None, None)),
            (Some(_), _) => {
                let detail = "an earlier line of this batch has the same external_id with other content".to_owned();
                Some((ActualsStatus::Rejected, Some(("DUPLICATE".to_owned(), detail)), None))
            }
            (None, Some(known)) if known.content_digest == digest => {
                Some((ActualsStatus::Duplicate, None, Some(known.entry_id.clone())))
            }
            (None, Some(known)) if !self.sent.batch.corrections => {
                let detail = "was sent before with other content; set corrections to correct it".to_owned();
                let reason = Some(("CHANGED".to_owned(), detail));
                Some((ActualsStatus::Rejected, reason, Some(known.entry_id.clone())))
            }
            (None, _) => None,
        }
    }

    async fn fate(
        &mut self,
        write: &WriteContext<'_>,
        line: &ActualsLine,
        known: Option<&Known>,
        repeats: bool,
        number: usize,
    ) -> Result<Result<LineOutcome, End>, Fail> {
        let rejected = |(code, detail): Why| {
            let entry = known.map(|known| known.entry_id.clone());
            Ok(Err((ActualsStatus::Rejected, Some((code.to_owned(), detail)), entry)))
        };
        let (course, order) = match self.course(line) {
            Ok(found) => found,
            Err(why) => return rejected(why),
        };
        let old = known.and_then(|known| self.old.get(&known.entry_id)).cloned();
        if let Some(Err(why)) = old.as_ref().map(|old| self.orders.check_replaced(old)) {
            return rejected(why);
        }
        let reversal = match old.as_ref().map(|old| self.periods.of_reversal(old)).transpose() {
            Ok(period) => old.as_ref().zip(period),
            Err(why) => return rejected(why),
        };
        let beyond = match self.spend(write, line, &course, order, reversal).await? {
            Verdict::Fits => None,
            Verdict::Beyond(units) => Some(Amount::new(units)),
            Verdict::Refused(detail) => return rejected(("OVER_BUDGET", detail)),
        };
        if let Some((id, units)) = old.as_ref().and_then(invoiced_by)
            && let Err(why) = self.orders.invoice(id, -units, None)
        {
            return rejected(why);
        }
        let exceeds = match order.map(|id| self.orders.invoice(id, line.amount.units, line.invoice())).transpose() {
            Ok(exceeds) => exceeds.flatten(),
            Err(why) => return rejected(why),
        };
        let invoice = self
            .invoices
            // A cost of an order belongs to the invoices of the engagement that ordered it.
            .find(line, |engagement| order.is_none_or(|order| self.orders.engagement(order) == Some(engagement)))
            .map(|(invoice, _)| invoice);
        if let Some((old, id)) = old.as_ref().and_then(|old| Some((old, old.invoice_id?))) {
            self.invoices.post(
                id,
                -unordered(old.invoiced_commitment_id, old.exceeds_order_by, old.amount.units),
                old.posted_on,
            );
        }
        if let Some(id) = invoice {
            self.invoices.post(id, unordered(order, exceeds, line.amount.units), line.posted_on);
        }
        if order.is_some() || beyond.is_some() || invoice.is_some() {
            let remark = Remark { invoice, invoices: order, exceeds_order_by: exceeds, exceeds_budget_by: beyond };
            self.resolved.remarks.insert(number, remark);
        }
        if let Some((old, period)) = reversal {
            self.resolved.replaced.insert(number, Replaced { entry_id: old.id_text(), period });
        }
        let status = match (known, course.coding.program_id) {
            (Some(_), _) => ActualsStatus::Corrected,
            (None, Some(_)) => ActualsStatus::Posted,
            (None, None) => ActualsStatus::Suspense,
        };
        Ok(Ok(LineOutcome { status, repeats, course: self.place(course) }))
    }

    /// Period and coding of a line, and the commitment it invoices.
    fn course(&self, line: &ActualsLine) -> Result<(Course, Option<Id<Commitment>>), Why> {
        if let Some(local) = line.local_amount.filter(|local| local.currency != self.currency) {
            let (said, books) = (local.currency.code(), self.currency.code());
            return Err(("DOES_NOT_FIT", format!("local_amount is in {said}, but the books are in {books}")));
        }
        let (period, prior) = self.periods.of(line)?;
        let order = self.orders.find(line)?;
        let mut coding = match order.filter(|_| line.program_id.is_none()) {
            Some(order) => self.coder.under(Coding::of(order), line)?,
            None => self.coder.code(line)?,
        };
        // A cost that no rule maps belongs to the program of the work that its invoice charges.
        coding.program_id = coding.program_id.or_else(|| self.invoices.find(line, |_| true)?.1);
        Ok((Course { period, prior, coding }, order.map(|order| order.id)))
    }

    fn place(&mut self, course: Course) -> u32 {
        let next = u32::try_from(self.courses.len()).unwrap_or(u32::MAX);
        let place = *self.courses.entry(course).or_insert(next);
        if place == next {
            self.resolved.courses.push(course);
        }
        place
    }

    /// Checks the budget for a cost: its amount less what it releases from its order and less the entry it replaces.
    async fn spend(
        &mut self,
        write: &WriteContext<'_>,
        line: &ActualsLine,
        course: &Course,
        order: Option<Id<Commitment>>,
        reversal: Option<(&LedgerEntry, Id<FiscalPeriod>)>,
    ) -> Result<Verdict, Fail> {
        if self.control.ignores() {
            return Ok(Verdict::Fits);
        }
        let books = &self.orders.books;
        let at = |program, period, currency| Budgeted::of(books, program, period, currency);
        let program = course.coding.program_id;
        let Some(place) = program.and_then(|it| at(it, course.period, line.amount.currency)) else {
            return Ok(Verdict::Fits);
        };
        let mut changes = vec![(place, line.amount.units.saturating_neg())];
        if order.is_none()
            && let Some((invoice, _)) = self.invoices.find(line, |_| true)
        {
            changes.push((place, self.invoices.freed(invoice, line.amount.units)));
        }
        let old = reversal.map(|(old, _)| old);
        if let Some((old, period)) = reversal
            && let Some(program) = old.program_id
        {
            let was = at(program, period, old.amount.currency);
            changes.extend(was.map(|was| (was, old.amount.units)));
        }
        let steps =
            [old.and_then(invoiced_by).map(|(id, units)| (id, -units)), order.map(|id| (id, line.amount.units))];
        let steps: Vec<_> = steps.into_iter().flatten().collect();
        match steps.as_slice() {
            // The same budget: only the difference counts.
            [(old, less), (new, more)] if old == new => {
                changes.extend(self.orders.freed(*new, less.saturating_add(*more)));
            }
            steps => changes.extend(steps.iter().filter_map(|(id, units)| self.orders.freed(*id, *units))),
        }
        self.control.take(write, &self.orders.books, place, &changes).await
    }
}

/// The part of a cost that no order bears.
fn unordered(order: Option<Id<Commitment>>, exceeds: Option<Amount>, units: i64) -> i64 {
    if order.is_some() { exceeds.map_or(0, Amount::units) } else { units }
}

/// The commitment that an entry invoiced, and the amount.
fn invoiced_by(entry: &LedgerEntry) -> Option<(Id<Commitment>, i64)> {
    entry.invoiced_commitment_id.map(|id| (id, entry.amount.units))
}

/// A short digest of an identifier, enough to recognise it.
fn short(text: &str) -> u128 {
    let digest = Sha256::digest(text);
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Converts the digest of a content, 32 hexadecimal digits, to a number.
fn number_of(digest: &str) -> u128 {
    u128::from_str_radix(digest, 16).unwrap_or_default()
}

/// Why a line is not posted: status, error code and text, and the existing entry.
type End = (ActualsStatus, Option<(String, String)>, Option<String>);
