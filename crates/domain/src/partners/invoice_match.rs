//! An invoice beside the books: the commitment that it charges, and the costs that finance posted of it.

use steerco_derive::{input, words};

use crate::account::amount;
use crate::commitment::Commitment;
use crate::error::Error;
use crate::field::List;
use crate::id::Id;
use crate::invoice::Invoice;
use crate::ledger_account::LedgerAccount;
use crate::ledger_entry::LedgerEntry;
use crate::money::{Amount, Currency, Money};
use crate::text::Text;
use crate::time::Day;

/// Entries that a match tells one by one.
pub const MATCHED_MAX: usize = 1_000;

/// An invoice beside the commitment of its purchase order line and the entries of the ledger that finance posted with its
/// number, as far as the caller sees them. Amounts are without tax.
#[input(value)]
pub struct InvoiceMatch {
    /// The invoice.
    pub invoice_id: Id<Invoice>,
    /// How it stands beside the ledger.
    pub state: InvoiceMatchState,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What the invoice charges, or below zero takes back.
    pub net: Amount,
    /// What the entries come to.
    pub posted: Amount,
    /// Posted less charged.
    pub difference: Amount,
    /// The commitment of its purchase order line, where there is one.
    pub commitment_id: Option<Id<Commitment>>,
    /// What is committed there.
    pub committed: Option<Amount>,
    /// What was invoiced there in all, as finance posted it.
    pub invoiced: Option<Amount>,
    /// The entries, oldest first; the first 1000.
    pub entries: List<MatchedEntry, MATCHED_MAX>,
    /// How many there are, whether told or not.
    pub entry_count: i32,
}

/// An entry of the ledger that finance posted for an invoice.
#[input(value)]
pub struct MatchedEntry {
    /// The entry.
    pub ledger_entry_id: Id<LedgerEntry>,
    /// The commitment that it invoiced.
    pub commitment_id: Option<Id<Commitment>>,
    /// Its day.
    pub posted_on: Day,
    /// What it costs, or below zero gives back.
    pub amount: Money,
    /// Number of its document in the books of finance.
    pub document_reference: Option<Text<200>>,
    /// By how much it invoices more than its order line had left.
    pub exceeds_order_by: Option<Amount>,
}

/// How an invoice stands beside the ledger.
#[words]
pub enum InvoiceMatchState {
    /// Finance has posted nothing of it.
    NotPosted,
    /// What finance posted is what it charges.
    Matched,
    /// Finance posted more or less than it charges, or in another currency.
    Differs,
}

/// What an entry adds to costs; none where it is about something else.
fn cost(entry: &LedgerEntry) -> Option<i128> {
    let units = i128::from(entry.amount.units);
    let of_costs = |account| matches!(account, LedgerAccount::Cost | LedgerAccount::Suspense);
    match (of_costs(entry.debit_account), of_costs(entry.credit_account)) {
        (true, false) => Some(units),
        (false, true) => Some(-units),
        _ => None,
    }
}

impl InvoiceMatch {
    /// The invoice beside its commitment and its entries.
    pub fn new(invoice: &Invoice, commitment: Option<&Commitment>, entries: &[LedgerEntry]) -> Result<Self, Error> {
        let costs: Vec<(&LedgerEntry, i128)> = entries.iter().filter_map(|entry| Some((entry, cost(entry)?))).collect();
        let own = costs.iter().filter(|(entry, _)| entry.amount.currency == invoice.currency);
        let posted: i128 = own.clone().map(|(_, units)| units).sum();
        let net = i128::from(invoice.sign()) * i128::from(invoice.net.units());
        let state = match (costs.len(), own.count()) {
            (0, _) => InvoiceMatchState::NotPosted,
            (all, own) if all == own && posted == net => InvoiceMatchState::Matched,
            _ => InvoiceMatchState::Differs,
        };
        let entry_count = i32::try_from(costs.len()).unwrap_or(i32::MAX);
        let told = costs.into_iter().take(MATCHED_MAX).map(|(entry, units)| {
            Ok(MatchedEntry {
                ledger_entry_id: entry.id,
                commitment_id: entry.invoiced_commitment_id,
                posted_on: entry.posted_on,
                amount: Money::new(amount(units)?.units(), entry.amount.currency),
                document_reference: entry.document_reference.clone(),
                exceeds_order_by: entry.exceeds_order_by,
            })
        });
        Ok(Self {
            invoice_id: invoice.id,
            state,
            currency: invoice.currency,
            net: amount(net)?,
            posted: amount(posted)?,
            difference: amount(posted - net)?,
            commitment_id: commitment.map(|commitment| commitment.id),
            committed: commitment.map(|commitment| commitment.committed),
            invoiced: commitment.map(|commitment| commitment.invoiced),
            entries: List(told.collect::<Result<_, Error>>()?),
            entry_count,
        })
    }
}
