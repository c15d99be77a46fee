//! Commitments: money that is bound and not yet spent, from the request to the payment.

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

/// A purchase order line, or what else binds money: requested, committed, received, invoiced, paid, in part at each
/// step. What is committed and neither received nor invoiced counts as committed, what is received and not invoiced as
/// accrued: never as both. An invoice posts no actuals; the batch that finance sends does.
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
    /// The program whose money it binds.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The company that owes it.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The period it is budgeted in; where that is closed, the next open one takes what it posts.
    #[field(create, filter)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program, where it is for one.
    #[field(create, filter)]
    pub project_id: Option<Id<Project>>,
    /// On what kind of cost.
    #[field(create, filter)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    #[field(create, filter)]
    pub spend: Option<Spend>,
    /// The engagement it comes from.
    #[field(write, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Number of the purchase order.
    #[field(create, filter)]
    pub purchase_order_reference: Text<100>,
    /// Its line, unique with its number in the books of the company.
    #[field(create, filter)]
    pub purchase_order_line: Option<Text<50>>,
    /// What is bought, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// How much was requested, in the currency of the order.
    #[field(create, filter)]
    pub requested: Money,
    /// How much was ordered.
    #[field(filter)]
    pub committed: Amount,
    /// How much of it was delivered.
    #[field(filter)]
    pub received: Amount,
    /// How much of it was invoiced, credit notes taken off. More than was ordered where finance has posted that, and below
    /// zero where it has credited what was never invoiced.
    #[field(filter)]
    pub invoiced: Amount,
    /// How much of that was paid.
    #[field(filter)]
    pub paid: Amount,
    /// The last step that all of it has reached.
    #[field(filter)]
    pub state: CommitmentState,
    /// Whether the last invoice has come: what was open then fell away.
    #[field(filter)]
    pub final_invoice: bool,
    /// Whether it was requested or committed beyond what was available.
    #[field(filter)]
    pub over_budget: bool,
    /// The document of the last step.
    #[field(filter)]
    pub document_reference: Option<Text<200>>,
    /// Why the last step was taken.
    #[field(system)]
    pub reason: Option<Text<1000>>,
    /// When what was open was cancelled (UTC).
    #[field(filter)]
    pub cancelled_at: Option<Instant>,
    /// Entries it has made in the ledger.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, each with the one before.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
    /// Why it is requested although the budget does not suffice; takes the right to override it. Otherwise a request of
    /// more than is available is refused where the company stops requests (`request_control`).
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
}

/// Where a commitment is: the last step that all of it has reached.
#[words]
#[derive(Default)]
pub enum CommitmentState {
    /// Asked for; binds nothing yet.
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
    /// Paid, and nothing more will come.
    Closed,
    /// Cancelled before anything was delivered or invoiced.
    Cancelled,
}

impl Commitment {
    fn done(&self) -> i64 {
        self.received.units().max(self.invoiced.units())
    }

    /// What it binds, committed and accrued.
    pub fn bound(&self) -> (i64, i64) {
        self.bound_at(self.invoiced.units())
    }

    /// What it would bind if so much of it were invoiced.
    pub fn bound_at(&self, invoiced: i64) -> (i64, i64) {
        let done = self.received.units().max(invoiced);
        let accrued = if self.final_invoice { 0 } else { self.received.units() - invoiced.max(0) };
        (self.committed.units().saturating_sub(done).max(0), accrued.max(0))
    }

    /// Takes over what finance has posted for it: `invoiced` in all from now on. What it posts less than before is a
    /// credit, so that the final invoice is no longer the last one and what was paid of it counts as paid back.
    pub fn take_invoices(&mut self, invoiced: Amount, document: Option<Text<200>>) {
        if invoiced.units() < self.invoiced.units() {
            self.final_invoice = false;
            self.paid = Amount::new(self.paid.units().min(invoiced.units().max(0)));
        }
        self.invoiced = invoiced;
        self.document_reference = document;
        self.reason = None;
    }

    /// Says that the last invoice has come: what is open beyond the invoices falls away.
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

    /// What can still be received of it.
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

    /// What a step of this amount leads to, if so much is left.
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
            return Err(Error::new(Reason::WrongState, "what was committed stays; cancel what is open"));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Orders some of what was requested. Under budget control it must be available.
#[input]
pub struct CommitCommitment {
    /// How much.
    pub amount: Amount,
    /// Whether it is to be ordered although the budget does not suffice; takes the right to, and a reason.
    pub override_budget: bool,
    /// Why.
    pub reason: Option<Text<1000>>,
}

impl Verb for CommitCommitment {
    type On = Commitment;
    const NAME: &'static str = "commit";
    fn decide(&self, on: &mut Commitment, _now: Instant) -> Result<(), Error> {
        on.need_open()?;
        if self.override_budget && self.reason.is_none() {
            return Err(Error::fault("/reason", "REQUIRED", "say why the budget is overridden"));
        }
        on.committed = on.step(self.amount, on.committed, on.requested.units, "commit")?;
        on.over_budget = self.override_budget;
        on.reason.clone_from(&self.reason);
        on.document_reference = None;
        Ok(())
    }
}

/// Changes how much is ordered, not below what was received or invoiced. Under budget control more must be available.
#[input]
pub struct AmendCommitment {
    /// How much is ordered from now on, in all.
    pub amount: Amount,
    /// Why.
    pub reason: Text<1000>,
    /// Whether it is to be ordered although the budget does not suffice; takes the right to.
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
            let detail = format!("{} were received or invoiced already", Amount::new(on.done()));
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

/// Records a delivery: it is accrued until it is invoiced.
#[input]
pub struct ReceiveCommitment {
    /// What it is worth.
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

/// Records an invoice: it reduces what is open.
#[input]
pub struct InvoiceCommitment {
    /// How much is invoiced.
    pub amount: Amount,
    /// Number of the invoice.
    pub document_reference: Text<200>,
    /// Whether it is the last one: what is open beyond it falls away.
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

/// Records a credit note: what it takes off the invoices is open again, what was paid of it counts as paid back, and
/// the final invoice is no longer the last one.
#[input]
pub struct CreditCommitment {
    /// How much is credited.
    pub amount: Amount,
    /// Number of the credit note.
    pub document_reference: Text<200>,
    /// Why.
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

/// Records a payment of what was invoiced.
#[input]
pub struct PayCommitment {
    /// How much was paid.
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

/// Cancels what is neither received nor invoiced.
#[input]
pub struct CancelCommitment {
    /// Why.
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
