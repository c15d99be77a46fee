//! The statement of account of an engagement: what was agreed, accepted, charged and paid, and what is disputed. Both sides
//! read the same.

use steerco_derive::{input, words};

use crate::account::{Account, amount};
use crate::engagement::Engagement;
use crate::error::Error;
use crate::field::List;
use crate::id::Id;
use crate::invoice::{Invoice, InvoiceState, InvoiceType};
use crate::milestone::Milestone;
use crate::money::{Amount, Currency};
use crate::payable::PayableState;
use crate::ratio::Ratio;
use crate::review::Review;
use crate::text::Text;
use crate::time::{Day, Instant};

/// Maximum number of entries returned in a statement.
const ENTRIES_MAX: usize = 5_000;

/// Agreed, accepted, invoiced and paid amounts of an engagement, and its open disputes. Both sides read the same. Sums are
/// without tax, except entries and the paid, outstanding and overdue amounts.
#[input(value)]
pub struct StatementOfAccount {
    /// The engagement.
    pub engagement_id: Id<Engagement>,
    /// The currency of its amounts; absent where there are none.
    pub currency: Option<Currency>,
    /// Value of the engagement when it was put in force.
    pub signed_value: Option<Amount>,
    /// Current value, with approved amendments.
    pub value: Option<Amount>,
    /// Value of the work that the partner claims to have done, by the prices of its milestones. A claim is not a fact. It is
    /// never less than the accepted value.
    pub claimed: Amount,
    /// Accepted and not revoked part of it, by the same prices.
    pub earned: Amount,
    /// Accepted and not revoked amount by the payment rule, retention included.
    pub accepted: Amount,
    /// Retained part of it.
    pub retained: Amount,
    /// Released part of the retention.
    pub retention_released: Amount,
    /// Amount that acceptances made payable, without the retention.
    pub payable: Amount,
    /// Part of the accepted amount that waits for release by a person, because it was not reviewed in time.
    pub held: Amount,
    /// Approved invoices.
    pub charged: Amount,
    /// Credit notes that both sides agreed to.
    pub credited: Amount,
    /// Invoices that wait for the organisation, less credit notes that wait for either side.
    pub waiting: Amount,
    /// Payments by finance.
    pub paid: Amount,
    /// Amount owed to the partner: approved invoices less credit notes and payments.
    pub outstanding: Amount,
    /// Part of it whose due date has passed.
    pub overdue: Amount,
    /// Part of the value that is not charged yet; zero where the engagement has no value.
    pub left_to_charge: Amount,
    /// Its entries in the order of their days; at most 5000.
    pub entries: List<AccountEntry, ENTRIES_MAX>,
    /// Total number of entries, including those not returned.
    pub entry_count: i32,
    /// Disputes of invoices and credit notes that wait for an answer, oldest first.
    pub disputes: List<AccountDispute, ENTRIES_MAX>,
    /// Disputes of reviews that wait for an answer, oldest first.
    pub review_disputes: List<AccountReviewDispute, ENTRIES_MAX>,
}

/// An entry of a statement. It increases or reduces the amount owed to the partner.
#[input(value)]
pub struct AccountEntry {
    /// Date of the invoice or of the payment.
    pub occurred_on: Day,
    /// Type of the entry.
    pub entry_type: AccountEntryType,
    /// The invoice or credit note.
    pub invoice_id: Id<Invoice>,
    /// Number of the invoice, or of the payment.
    pub reference: Text<200>,
    /// Increase of the amount owed; a reduction is below zero.
    pub amount: Amount,
    /// Amount owed after the entry.
    pub balance: Amount,
}

/// Type of an entry of a statement.
#[words]
pub enum AccountEntryType {
    /// An approved invoice, with its tax.
    Invoice,
    /// A credit note that both sides agree to, with its tax.
    CreditNote,
    /// A payment by finance.
    Payment,
}

/// A dispute that waits for an answer.
#[input(value)]
pub struct AccountDispute {
    /// The invoice or credit note.
    pub invoice_id: Id<Invoice>,
    /// Number of the invoice or credit note.
    pub number: Text<100>,
    /// State of the invoice or credit note.
    pub state: InvoiceState,
    /// Its total with tax; below zero for a credit note.
    pub amount: Amount,
    /// When it was disputed (UTC).
    pub disputed_at: Instant,
    /// Text of the dispute.
    pub dispute: Text<2000>,
}

/// A dispute of a review that waits for an answer.
#[input(value)]
pub struct AccountReviewDispute {
    /// The review.
    pub review_id: Id<Review>,
    /// The milestone that was claimed.
    pub milestone_id: Id<Milestone>,
    /// Number of the claim among the claims of the milestone.
    pub number: i32,
    /// Claimed share, from 0 to 1.
    pub claimed_percent: Ratio,
    /// Accepted share, from 0 to 1; absent where nothing is accepted.
    pub accepted_percent: Option<Ratio>,
    /// When it was disputed (UTC).
    pub disputed_at: Instant,
    /// Text of the dispute.
    pub dispute: Text<4000>,
    /// Working day by which it is to be answered; absent where the contract has no deadline.
    pub answer_due_on: Option<Day>,
}

impl StatementOfAccount {
    /// The statement as of this day.
    pub fn new(account: &Account, today: Day) -> Result<Self, Error> {
        let sum = |of: &dyn Fn(&Invoice) -> i128| amount(account.invoices.iter().map(of).sum());
        let agreed = |invoice: &Invoice, of: InvoiceType, units: Amount| {
            let counts = invoice.is_agreed() && invoice.invoice_type == of;
            if counts { i128::from(units.units()) } else { 0 }
        };
        let waiting = |invoice: &Invoice| {
            let waits = matches!(invoice.state, InvoiceState::Submitted | InvoiceState::Proposed);
            if waits && invoice.deleted_at.is_none() { i128::from(invoice.sign() * invoice.net.units()) } else { 0 }
        };
        let overdue = |invoice: &Invoice| {
            let late = invoice.state == InvoiceState::Approved && invoice.due_on.is_some_and(|due| due < today);
            let open = late && invoice.invoice_type == InvoiceType::Invoice;
            if open { i128::from(invoice.left()) } else { 0 }
        };
        let payables = |of: &dyn Fn(PayableState) -> bool, net: bool| {
            let units = account.payables.iter().filter(|payable| of(payable.state));
            units.map(|payable| i128::from(if net { payable.net.units() } else { payable.amount.units })).sum::<i128>()
        };
        let open = |state| matches!(state, PayableState::Payable | PayableState::Invoiced | PayableState::Paid);
        let (entries, outstanding) = entries(&account.invoices)?;
        let left = account.left_of_value().map_or(0, |left| left.max(0));
        let entry_count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        Ok(Self {
            engagement_id: account.engagement.id,
            currency: account.currency(),
            signed_value: account.engagement.signed_value.map(|value| Amount::new(value.units)),
            value: account.engagement.value.map(|value| Amount::new(value.units)),
            claimed: amount(account.worth(|milestone| milestone.claimed_percent.max(milestone.accepted_percent)))?,
            earned: amount(account.worth(|milestone| milestone.accepted_percent))?,
            accepted: amount(payables(&|_| true, false))?,
            retained: amount(account.retained())?,
            retention_released: amount(account.released())?,
            payable: amount(payables(&open, true))?,
            held: amount(payables(&|state| state == PayableState::Held, true))?,
            charged: sum(&|invoice| agreed(invoice, InvoiceType::Invoice, invoice.net))?,
            credited: sum(&|invoice| agreed(invoice, InvoiceType::CreditNote, invoice.net))?,
            waiting: sum(&waiting)?,
            paid: sum(&|invoice| agreed(invoice, InvoiceType::Invoice, invoice.paid))?,
            outstanding,
            overdue: sum(&overdue)?,
            left_to_charge: amount(left)?,
            entries: List(entries.into_iter().take(ENTRIES_MAX).collect()),
            entry_count,
            disputes: List(disputes(&account.invoices)),
            review_disputes: List(review_disputes(&account.reviews)),
        })
    }
}

/// Agreed invoices and credit notes and payments in the order of their days, with the running balance.
fn entries(invoices: &[Invoice]) -> Result<(Vec<AccountEntry>, Amount), Error> {
    let mut all: Vec<AccountEntry> = Vec::new();
    for invoice in invoices.iter().filter(|invoice| invoice.is_agreed()) {
        let entry = |occurred_on, entry_type, reference: &str, units| AccountEntry {
            occurred_on,
            entry_type,
            invoice_id: invoice.id,
            reference: Text::ours(reference.to_owned()),
            amount: Amount::new(units),
            balance: Amount::new(0),
        };
        let entry_type = match invoice.invoice_type {
            InvoiceType::Invoice => AccountEntryType::Invoice,
            InvoiceType::CreditNote => AccountEntryType::CreditNote,
        };
        let units = invoice.sign() * invoice.gross.units();
        all.push(entry(invoice.issued_on, entry_type, invoice.number.as_str(), units));
        all.extend(invoice.payments.0.iter().map(|payment| {
            let reference = payment.document_reference.as_str();
            entry(payment.paid_on, AccountEntryType::Payment, reference, -payment.amount.units())
        }));
    }
    all.sort_by_key(|entry| (entry.occurred_on, entry.entry_type as u8, entry.invoice_id.as_u128()));
    let mut balance = 0_i128;
    for entry in &mut all {
        balance += i128::from(entry.amount.units());
        entry.balance = amount(balance)?;
    }
    Ok((all, amount(balance)?))
}

fn disputes(invoices: &[Invoice]) -> Vec<AccountDispute> {
    let mut open: Vec<AccountDispute> = invoices
        .iter()
        .filter(|invoice| invoice.is_disputed() && invoice.deleted_at.is_none())
        .filter_map(|invoice| {
            Some(AccountDispute {
                invoice_id: invoice.id,
                number: invoice.number.clone(),
                state: invoice.state,
                amount: Amount::new(invoice.sign() * invoice.gross.units()),
                disputed_at: invoice.disputed_at?,
                dispute: invoice.dispute.clone()?,
            })
        })
        .collect();
    open.sort_by_key(|dispute| (dispute.disputed_at, dispute.invoice_id.as_u128()));
    open.truncate(ENTRIES_MAX);
    open
}

fn review_disputes(reviews: &[Review]) -> Vec<AccountReviewDispute> {
    let mut open: Vec<AccountReviewDispute> = reviews
        .iter()
        .filter(|review| review.disputed && review.deleted_at.is_none())
        .filter_map(|review| {
            let last = review.disputes.last()?;
            Some(AccountReviewDispute {
                review_id: review.id,
                milestone_id: review.milestone_id,
                number: review.number,
                claimed_percent: review.claimed_percent,
                accepted_percent: review.accepted_percent,
                disputed_at: last.raised_at,
                dispute: last.reason.clone(),
                answer_due_on: last.answer_due_on,
            })
        })
        .collect();
    open.sort_by_key(|dispute| (dispute.disputed_at, dispute.review_id.as_u128()));
    open.truncate(ENTRIES_MAX);
    open
}
