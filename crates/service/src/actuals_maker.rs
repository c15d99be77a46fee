//! The entries that a batch of actuals makes, line by line, and the digest over them.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use steerco_domain::actuals_batch::ActualsBatch;
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::text::Text;
use steerco_persistence::ledger;

use crate::actuals::{Fate, Sent, id_of};

/// Makes the entries of a batch.
pub(crate) struct Maker {
    pub(crate) sent: Arc<Sent>,
    pub(crate) fates: Vec<Option<Fate>>,
    pub(crate) batch: ActualsBatch,
    pub(crate) base: u128,
}

impl Maker {
    pub(crate) fn entries(&self, line: usize) -> Vec<LedgerEntry> {
        let Some(fate) = self.fates.get(line).and_then(Option::as_ref) else { return Vec::new() };
        let Some(sent) = self.sent.lines().get(line) else { return Vec::new() };
        let number = i32::try_from(line + 1).unwrap_or(i32::MAX);
        let digest = self.sent.digests.get(line).cloned();
        let reversal = fate.replaces.as_ref().map(|old| LedgerEntry {
            id: Id::from_u128(id_of(self.base, line, 0)),
            entry_type: LedgerEntryType::Reversal,
            debit_account: old.credit_account,
            credit_account: old.debit_account,
            fiscal_period_id: fate.period,
            prior_period_id: (old.fiscal_period_id != fate.period).then_some(old.fiscal_period_id),
            reverses_id: Some(old.id),
            corrects_id: None,
            ..self.common(number, LedgerEntry::clone(old))
        });
        let suspense = fate.coding.program_id.is_none();
        let entry = LedgerEntry {
            id: Id::from_u128(id_of(self.base, line, 1)),
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
            line: number,
            entry_type: LedgerEntryType::Actual,
            debit_account: if suspense { LedgerAccount::Suspense } else { LedgerAccount::Cost },
            credit_account: LedgerAccount::Clearing,
            amount: sent.amount,
            posted_on: sent.posted_on,
            legal_entity_id: self.batch.legal_entity_id,
            fiscal_period_id: fate.period,
            prior_period_id: fate.prior,
            program_id: fate.coding.program_id,
            project_id: fate.coding.project_id,
            cost_category_id: fate.coding.cost_category_id,
            spend: fate.coding.spend,
            coding_rule_id: fate.coding.rule_id,
            source: Some(self.batch.source.clone()),
            external_id: Some(sent.external_id.clone()),
            cost_code: sent.cost_code.clone(),
            document_reference: sent.document_reference.clone(),
            vendor_reference: sent.vendor_reference.clone(),
            description: sent.description.clone(),
            reverses_id: None,
            corrects_id: fate.replaces.as_ref().map(|old| old.id),
            possible_repeat: fate.repeats,
            content_digest: digest,
        };
        reversal.into_iter().chain([entry]).collect()
    }

    /// An earlier entry as this batch would write it.
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

    /// How many entries there are, and the digest over them.
    pub(crate) fn sum(&self) -> (i32, Text<64>) {
        let (mut count, mut all) = (0, Sha256::new());
        for line in 0..self.fates.len() {
            for entry in self.entries(line) {
                count += 1;
                all.update(ledger::digested(&entry));
            }
        }
        (count, Text::parse(&hex(&all.finalize())).unwrap_or_else(|_| self.batch.lines_sha256.clone()))
    }
}
