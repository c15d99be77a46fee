//! Commitments: money that is committed and not yet spent, from the request to the payment.

use steerco_derive::{input, resource, words};

use crate::cost_category::CostCategory;
use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::money::{Amount, Money};
use crate::program::Program;
use crate::project::Project;
use crate::resource::{Place, Rules, Verb};
use crate::spend::Spend;
use crate::text::Text;
use crate::time::Instant;
use crate::words::Words;

/// A purchase order line or another commitment of money. It is requested, committed, received, invoiced and paid, each step
/// in full or in part. An amount that is committed and neither received nor invoiced counts as committed. An amount that is
/// received and not invoiced counts as accrued. No amount counts as both. An invoice posts no actuals; the batch from finance
/// posts them.
#[resource(
    prefix = "cmit",
    plural = "commitments",
    scope = "InProgram",
    verbs(
        CommitCommitment,
        AmendCommitment,
        ReceiveCommitment,
        InvoiceCommitment,
        CreditCommitment,
        PayCommitment,
        CancelCommitment,
    ),
    rights("override")
)]
pub struct Commitment {
    /// The program whose budget it uses.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The legal entity that owes it.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The period in which it is budgeted. Where that period is closed, its postings go to the next open period.
    #[field(create, filter)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program; absent where it is not for one project.
    #[field(create, filter)]
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    #[field(create, filter)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    #[field(create, filter)]
    pub spend: Option<Spend>,
    /// The engagement that it belongs to.
    #[field(write, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Number of the purchase order.
    #[field(create, filter)]
    pub purchase_order_reference: Text<100>,
    /// Line of the purchase order. Number and line are unique in the books of the legal entity.
    #[field(create, filter)]
    pub purchase_order_line: Option<Text<50>>,
    /// Short name of the purchase, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Requested amount, in the currency of the order.
    #[field(create, filter)]
    pub requested: Money,
    /// Ordered amount.
    #[field(filter)]
    pub committed: Amount,
    /// Received amount.
    #[field(filter)]
    pub received: Amount,
    /// Invoiced amount less credit notes. It is more than the ordered amount where finance has posted more, and below zero
    /// where finance has credited an amount that was never invoiced.
    #[field(filter)]
    pub invoiced: Amount,
    /// Paid part of the invoiced amount.
    #[field(filter)]
    pub paid: Amount,
    /// The last step that the whole amount has reached.
    #[field(filter)]
    pub state: CommitmentState,
    /// Whether the final invoice was received. The amount that was open then is released.
    #[field(filter)]
    pub final_invoice: bool,
    /// Whether it was requested or committed beyond the available budget.
    #[field(filter)]
    pub over_budget: bool,
    /// The document of the last step.
    #[field(filter)]
    pub document_reference: Option<Text<200>>,
    /// Reason of the last step.
    #[field(system)]
    pub reason: Option<Text<1000>>,
    /// When the open amount was cancelled (UTC).
    #[field(filter)]
    pub cancelled_at: Option<Instant>,
    /// Number of ledger entries that it posted.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, each chained to the one before.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
    /// Reason to request it beyond the available budget; requires the right to override the budget. Without it, a request
    /// beyond the available budget is rejected where the legal entity blocks such requests (`request_control`).
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
}

/// State of a commitment: the last step that the whole amount has reached.
#[words]
#[derive(Default)]
pub enum CommitmentState {
    /// Requested; commits no money yet.
    #[default]
    Requested,
    /// Ordered.
    Committed,
    /// Delivered.
    Received,
    /// Invoiced.
    Invoiced,
    /// Paid.
    Paid,
    /// Paid; no further invoice is expected.
    Closed,
    /// Cancelled before anything was delivered or invoiced.
    Cancelled,
}

impl Commitment {
    fn done(&self) -> i64 {
        self.received.units().max(self.invoiced.units())
    }

    /// The committed and the accrued amount.
    pub fn bound(&self) -> (i64, i64) {
        self.bound_at(self.invoiced.units())
    }

    /// The committed and the accrued amount if this amount were invoiced.
    pub fn bound_at(&self, invoiced: i64) -> (i64, i64) {
        let done = self.received.units().max(invoiced);
        let accrued = if self.final_invoice { 0 } else { self.received.units() - invoiced.max(0) };
        (self.committed.units().saturating_sub(done).max(0), accrued.max(0))
    }

    /// Takes over the total that finance has posted as `invoiced`. A lower total than before is a credit: the final invoice
    /// is not the last one any more, and the paid part of the difference counts as repaid.
    pub fn take_invoices(&mut self, invoiced: Amount, document: Option<Text<200>>) {
        if invoiced.units() < self.invoiced.units() {
            self.final_invoice = false;
            self.paid = Amount::new(self.paid.units().min(invoiced.units().max(0)));
        }
        self.invoiced = invoiced;
        self.document_reference = document;
        self.reason = None;
    }

    /// Records that the final invoice was received: the open amount beyond the invoices is released.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.need(self.committed, "nothing is committed that could be invoiced")?;
        if self.cancelled_at.is_some() && self.bound() == (0, 0) {
            return Err(self.wrong("nothing is open that could fall away"));
        }
        self.final_invoice = true;
        self.committed = Amount::new(self.invoiced.units().max(0));
        self.reason = None;
        self.document_reference = None;
        Ok(())
    }

    /// The amount that can still be received.
    pub fn room(&self) -> i64 {
        let ended = self.cancelled_at.is_some() || self.final_invoice;
        if ended { 0 } else { (self.committed.units() - self.received.units()).max(0) }
    }

    fn reached(&self) -> CommitmentState {
        let committed = self.committed.units();
        let ended = self.cancelled_at.is_some() || self.final_invoice;
        match committed {
            0 if self.cancelled_at.is_some() => CommitmentState::Cancelled,
            0 => CommitmentState::Requested,
            _ if self.paid.units() >= committed && ended => CommitmentState::Closed,
            _ if self.paid.units() >= committed => CommitmentState::Paid,
            _ if self.invoiced.units() >= committed => CommitmentState::Invoiced,
            _ if self.done() >= committed => CommitmentState::Received,
            _ => CommitmentState::Committed,
        }
    }

    /// The state after a step of this amount, if that much is left.
    fn step(&self, amount: Amount, so_far: Amount, up_to: i64, to: &str) -> Result<Amount, Error> {
        let left = up_to.saturating_sub(so_far.units()).max(0);
        if amount.units() <= 0 {
            return Err(Error::fault("/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
        if amount.units() > left {
            let detail = format!("{} {} are left to {to}", Amount::new(left), self.requested.currency.code());
            return Err(Error::fault("/amount", "INSUFFICIENT", detail));
        }
        Ok(Amount::new(so_far.units() + amount.units()))
    }

    fn wrong(&self, why: &str) -> Error {
        Error::new(Reason::WrongState, format!("the commitment is {}: {why}", self.state.word()))
    }

    fn need(&self, amount: Amount, why: &str) -> Result<(), Error> {
        if amount.units() == 0 { Err(self.wrong(why)) } else { Ok(()) }
    }

    fn need_open(&self) -> Result<(), Error> {
        if self.cancelled_at.is_some() || self.final_invoice {
            return Err(self.wrong("what was open has fallen away, and no more is committed"));
        }
        Ok(())
    }
}

impl Rules for Commitment {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.requested.units <= 0 {
            faults.push(Fault::new("/requested/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
        self.state = self.reached();
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.entry_count > 0 {
            return Err(Error::new(
                Reason::WrongState,
                "a commitment cannot be deleted once it is committed; cancel the open amount",
            ));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Orders a part or all of the requested amount. Under budget control the amount must be available.
#[input]
pub struct CommitCommitment {
    /// The amount to order.
    pub amount: Amount,
    /// Whether to order it beyond the available budget; requires the right to override the budget, and a reason.
    pub override_budget: bool,
    /// Reason.
    pub reason: Option<Text<1000>>,
}

impl Verb for CommitCommitment {
    type On = Commitment;
    const NAME: &'static str = "commit";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need_open()?;
        if self.override_budget && self.reason.is_none() {
            return Err(Error::fault("/reason", "REQUIRED", "is required to override the budget"));
        }
        on.committed = on.step(self.amount, on.committed, on.requested.units, "commit")?;
        on.over_budget = self.override_budget;
        on.reason.clone_from(&self.reason);
        on.document_reference = None;
        Ok(())
    }
}

/// Changes the ordered amount, not below the received or invoiced amount. Under budget control an increase must be available.
#[input]
pub struct AmendCommitment {
    /// The new total of the ordered amount.
    pub amount: Amount,
    /// Reason.
    pub reason: Text<1000>,
    /// Whether to order it beyond the available budget; requires the right to override the budget.
    pub override_budget: bool,
}

impl Verb for AmendCommitment {
    type On = Commitment;
    const NAME: &'static str = "amend";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need_open()?;
        on.need(on.committed, "nothing is committed that could be amended")?;
        if self.amount.units() <= 0 {
            return Err(Error::fault("/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
        if self.amount.units() < on.done() {
            let detail =
                format!("must not be less than {}, which is already received or invoiced", Amount::new(on.done()));
            return Err(Error::fault("/amount", "OUT_OF_RANGE", detail));
        }
        if self.amount.units() > on.committed.units() {
            on.over_budget = self.override_budget;
        }
        on.committed = self.amount;
        on.reason = Some(self.reason.clone());
        on.document_reference = None;
        Ok(())
    }
}

/// Records a delivery. It is accrued until it is invoiced.
#[input]
pub struct ReceiveCommitment {
    /// Value of the delivery.
    pub amount: Amount,
    /// Number of the delivery note.
    pub document_reference: Option<Text<200>>,
}

impl Verb for ReceiveCommitment {
    type On = Commitment;
    const NAME: &'static str = "receive";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need(on.committed, "nothing is committed that could be received")?;
        on.received = on.step(self.amount, on.received, on.committed.units(), "receive")?;
        on.document_reference.clone_from(&self.document_reference);
        on.reason = None;
        Ok(())
    }
}

/// Records an invoice. It reduces the open amount.
#[input]
pub struct InvoiceCommitment {
    /// The invoiced amount.
    pub amount: Amount,
    /// Number of the invoice.
    pub document_reference: Text<200>,
    /// Whether it is the final invoice: the open amount beyond it is released.
    pub final_invoice: bool,
}

impl Verb for InvoiceCommitment {
    type On = Commitment;
    const NAME: &'static str = "invoice";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need(on.committed, "nothing is committed that could be invoiced")?;
        on.invoiced = on.step(self.amount, on.invoiced, on.committed.units(), "invoice")?;
        if self.final_invoice {
            on.final_invoice = true;
            on.committed = on.invoiced;
        }
        on.document_reference = Some(self.document_reference.clone());
        on.reason = None;
        Ok(())
    }
}

/// Records a credit note. The credited amount is open again, its paid part counts as repaid, and the final invoice is not the
/// last one any more.
#[input]
pub struct CreditCommitment {
    /// The credited amount.
    pub amount: Amount,
    /// Number of the credit note.
    pub document_reference: Text<200>,
    /// Reason.
    pub reason: Option<Text<1000>>,
}

impl Verb for CreditCommitment {
    type On = Commitment;
    const NAME: &'static str = "credit";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need(on.invoiced, "nothing is invoiced that could be credited")?;
        on.step(self.amount, Amount::new(0), on.invoiced.units(), "credit")?;
        on.invoiced = Amount::new(on.invoiced.units() - self.amount.units());
        on.paid = Amount::new(on.paid.units().min(on.invoiced.units()));
        on.final_invoice = false;
        on.document_reference = Some(self.document_reference.clone());
        on.reason.clone_from(&self.reason);
        Ok(())
    }
}

/// Records a payment of an invoiced amount.
#[input]
pub struct PayCommitment {
    /// The paid amount.
    pub amount: Amount,
    /// Number of the payment.
    pub document_reference: Option<Text<200>>,
}

impl Verb for PayCommitment {
    type On = Commitment;
    const NAME: &'static str = "pay";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need(on.invoiced, "nothing is invoiced that could be paid")?;
        on.paid = on.step(self.amount, on.paid, on.invoiced.units(), "pay")?;
        on.document_reference.clone_from(&self.document_reference);
        on.reason = None;
        Ok(())
    }
}

/// Cancels the amount that is neither received nor invoiced.
#[input]
pub struct CancelCommitment {
    /// Reason.
    pub reason: Text<1000>,
}

impl Verb for CancelCommitment {
    type On = Commitment;
    const NAME: &'static str = "cancel";
    fn decide(&self, on: &mut Commitment, now: Instant) -> Result<(), Error> {
        on.need_open()?;
        if on.committed.units() > 0 && on.committed.units() == on.done() {
            return Err(on.wrong("nothing is open that could be cancelled"));
        }
        on.committed = Amount::new(on.done());
        on.cancelled_at = Some(now);
        on.reason = Some(self.reason.clone());
        on.document_reference = None;
        Ok(())
    }
}
