//! Builds the entries of a batch of actuals deterministically: once to compute their digest, once to post them.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use steerco_domain::actuals_batch::ActualsBatch;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::text::Text;
use steerco_persistence::{Conn, Fail, ledger};

use crate::actuals_resolved::Resolved;
use crate::actuals_sent::{CHUNK, Line, Sent};

/// Posts the resolved lines, chunk by chunk.
pub(crate) struct Poster {
    pub(crate) sent: Arc<Sent>,
    pub(crate) resolved: Resolved,
    pub(crate) maker: Maker,
    pub(crate) org: String,
}

impl Poster {
    /// The entries of a chunk.
    pub(crate) async fn entries(&self, conn: &Conn, n: usize) -> Result<Vec<LedgerEntry>, Fail> {
        if !self.resolved.posts(n) {
            return Ok(Vec::new());
        }
        let lines = self.sent.lines.chunk(conn, n).await?;
        let places = n * CHUNK..n * CHUNK + lines.len();
        let replaced: Vec<String> = places
            .filter_map(|place| self.resolved.replaced.get(&place).map(|replaced| replaced.entry_id.clone()))
            .collect();
        let old = ledger::find_entries(conn, &self.org, &replaced).await?;
        Ok(self.maker.entries(&self.resolved, n, &lines, &old).collect())
    }
}

/// Builds the entries of a batch. Only the members of `batch` that its entries repeat need to be set.
pub(crate) struct Maker {
    pub(crate) batch: ActualsBatch,
    pub(crate) base: u128,
}

impl Maker {
    /// The entries of a chunk of resolved lines. `old` are the entries that they replace.
    pub(crate) fn entries<'a>(
        &'a self,
        resolved: &'a Resolved,
        n: usize,
        lines: &'a [Line],
        old: &'a HashMap<String, LedgerEntry>,
    ) -> impl Iterator<Item = LedgerEntry> + 'a {
        (n * CHUNK..).zip(lines).flat_map(move |(place, line)| {
            let replaced = resolved.replaced.get(&place);
            let replaced = replaced.and_then(|replaced| Some((old.get(&replaced.entry_id)?, replaced.period)));
            self.of_line(resolved, place, line, replaced).into_iter().flatten()
        })
    }

    /// The reversal of the entry that the line replaces, and the entry of the line.
    fn of_line(
        &self,
        resolved: &Resolved,
        place: usize,
        Line { line, digest }: &Line,
        replaced: Option<(&LedgerEntry, Id<FiscalPeriod>)>,
    ) -> [Option<LedgerEntry>; 2] {
        let fate = resolved.fates.get(place).copied().flatten();
        let Some((fate, course)) = fate.and_then(|fate| Some((fate, resolved.course(fate)?))) else {
            return [None, None];
        };
        let number = i32::try_from(place + 1).unwrap_or(i32::MAX);
        let reversal = replaced.map(|(old, period)| LedgerEntry {
            id: Id::from_u128(id_of(self.base, place, 0)),
            entry_type: LedgerEntryType::Reversal,
            // Also for a cost that was reclassified: the reclassification has already cleared suspense.
            debit_account: LedgerAccount::Clearing,
            credit_account: old.debit_account,
            fiscal_period_id: period,
            prior_period_id: (old.fiscal_period_id != period).then_some(old.fiscal_period_id),
            reverses_id: Some(old.id),
            corrects_id: None,
            exceeds_order_by: None,
            exceeds_budget_by: None,
            ..self.common(number, LedgerEntry::clone(old))
        });
        let remark = resolved.remarks.get(&place).copied().unwrap_or_default();
        let suspense = course.coding.program_id.is_none();
        let entry = LedgerEntry {
            id: Id::from_u128(id_of(self.base, place, 1)),
            revision: 1,
            created_at: self.batch.created_at,
            updated_at: self.batch.created_at,
            created_by: self.batch.created_by.clone(),
            deleted_at: None,
            external_refs: steerco_domain::refs::ExternalRefs::default(),
            labels: steerco_domain::labels::Labels::default(),
            actuals_batch_id: Some(self.batch.id),
            budget_id: None,
            budget_transfer_id: None,
            commitment_id: None,
            forecast_id: None,
            review_id: None,
            engagement_id: None,
            line: number,
            entry_type: LedgerEntryType::Actual,
            debit_account: if suspense { LedgerAccount::Suspense } else { LedgerAccount::Cost },
            credit_account: LedgerAccount::Clearing,
            amount: line.amount,
            posted_on: line.posted_on,
            legal_entity_id: self.batch.legal_entity_id,
            fiscal_period_id: course.period,
            prior_period_id: course.prior,
            program_id: course.coding.program_id,
            project_id: course.coding.project_id,
            cost_category_id: course.coding.cost_category_id,
            spend: course.coding.spend,
            coding_rule_id: course.coding.rule_id,
            source: Some(self.batch.source.clone()),
            external_id: Some(line.external_id.clone()),
            cost_code: line.cost_code.clone(),
            document_reference: line.document_reference.clone(),
            vendor_reference: line.vendor_reference.clone(),
            description: line.description.clone(),
            reverses_id: None,
            corrects_id: replaced.map(|(old, _)| old.id),
            possible_repeat: fate.repeats,
            content_digest: Some(digest.clone()),
            local_amount: line.local_amount,
            group_amount: line.group_amount,
            purchase_order_reference: line.purchase_order_reference.clone(),
            purchase_order_line: line.purchase_order_line.clone(),
            invoice_reference: line.invoice_reference.clone(),
            invoiced_commitment_id: remark.invoices,
            invoice_id: remark.invoice,
            exceeds_order_by: remark.exceeds_order_by,
            exceeds_budget_by: remark.exceeds_budget_by,
            coding: line.coding.clone(),
        };
        [reversal, Some(entry)]
    }

    /// A copy of an earlier entry as written by this batch.
    fn common(&self, line: i32, old: LedgerEntry) -> LedgerEntry {
        LedgerEntry {
            created_at: self.batch.created_at,
            updated_at: self.batch.created_at,
            created_by: self.batch.created_by.clone(),
            actuals_batch_id: Some(self.batch.id),
            line,
            ..old
        }
    }
}

/// Number of entries and the digest over them.
#[derive(Default)]
pub(crate) struct EntrySum {
    count: i32,
    all: Sha256,
}

impl EntrySum {
    pub(crate) fn add(&mut self, entry: &LedgerEntry) {
        self.count += 1;
        self.all.update(ledger::digested(entry));
    }

    pub(crate) fn told(self) -> (i32, Text<64>) {
        (self.count, Text::ours(hex(&self.all.finalize())))
    }
}

/// The id of the reversal (0) or the entry (1) of a line, the same each time the entries are built.
pub(crate) fn id_of(base: u128, line: usize, which: u128) -> u128 {
    base.wrapping_add(2 * line as u128 + which)
}
