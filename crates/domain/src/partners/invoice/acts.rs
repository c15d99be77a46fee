//! What is done with an invoice: deciding, disputing, telling what was paid.

use steerco_derive::input;

use crate::error::{Error, Reason};
use crate::invoice::{Invoice, InvoicePayment, InvoiceState, InvoiceType};
use crate::money::Amount;
use crate::resource::{Acting, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// Finds an invoice right. It is paid by finance, not by this. By somebody else than who entered it.
#[input]
pub struct ApproveInvoice {}

impl Verb for ApproveInvoice {
    type On = Invoice;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut Invoice, acting: &Acting) -> Result<(), Error> {
        on.decide(InvoiceState::Approved, acting)
    }
}

/// Finds an invoice wrong. What it charged may be charged again.
#[input]
pub struct RejectInvoice {
    /// Why; the partner reads it too.
    pub reason: Text<1000>,
}

impl Verb for RejectInvoice {
    type On = Invoice;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut Invoice, acting: &Acting) -> Result<(), Error> {
        on.decide(InvoiceState::Rejected, acting)?;
        on.state_reason = Some(self.reason.clone());
        Ok(())
    }
}

/// Takes an invoice back that nobody has decided on.
#[input]
pub struct WithdrawInvoice {
    /// Why.
    pub reason: Option<Text<1000>>,
}

impl Verb for WithdrawInvoice {
    type On = Invoice;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut Invoice, _now: Instant) -> Result<(), Error> {
        if on.state == InvoiceState::Proposed {
            let detail = "the organisation proposed it: accept or dispute it";
            return Err(Error::new(Reason::WrongState, detail));
        }
        on.state.go(InvoiceState::Withdrawn)?;
        on.state_reason.clone_from(&self.reason);
        Ok(())
    }
}

/// Agrees to a credit note that the organisation proposes.
#[input]
pub struct AcceptInvoice {}

impl Verb for AcceptInvoice {
    type On = Invoice;
    const NAME: &'static str = "accept";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if on.state != InvoiceState::Proposed {
            return Err(Error::new(Reason::WrongState, "only a proposed credit note is accepted by the partner"));
        }
        on.state.go(InvoiceState::Approved)?;
        on.decided_at = Some(now);
        Ok(())
    }
}

/// Disputes what became of an invoice, or a proposed credit note. It stands in the statement of account until it is
/// answered.
#[input]
pub struct DisputeInvoice {
    /// What is wrong, and what would be right.
    pub dispute: Text<2000>,
}

impl Verb for DisputeInvoice {
    type On = Invoice;
    const NAME: &'static str = "dispute";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if on.state == InvoiceState::Withdrawn {
            return Err(Error::new(Reason::WrongState, "what was withdrawn is not disputed"));
        }
        if on.is_disputed() {
            return Err(Error::new(Reason::WrongState, "it is disputed already, and waits for an answer"));
        }
        (on.dispute, on.disputed_at) = (Some(self.dispute.clone()), Some(now));
        (on.dispute_answer, on.dispute_answered_at) = (None, None);
        Ok(())
    }
}

/// Answers what the partner disputes.
#[input]
pub struct AnswerDisputeInvoice {
    /// The answer; the partner reads it.
    pub answer: Text<2000>,
}

impl Verb for AnswerDisputeInvoice {
    type On = Invoice;
    const NAME: &'static str = "answer_dispute";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if !on.is_disputed() {
            return Err(Error::new(Reason::WrongState, "no dispute of it is open"));
        }
        (on.dispute_answer, on.dispute_answered_at) = (Some(self.answer.clone()), Some(now));
        Ok(())
    }
}

/// Records what finance has paid of an invoice that was approved.
#[input]
pub struct RecordPaymentInvoice {
    /// How much.
    pub amount: Amount,
    /// The day it left the account.
    pub paid_on: Day,
    /// Number of the payment in the books of finance; each once.
    pub document_reference: Text<200>,
}

impl Verb for RecordPaymentInvoice {
    type On = Invoice;
    const NAME: &'static str = "record_payment";
    fn decide(&self, on: &mut Invoice, _now: Instant) -> Result<(), Error> {
        if on.invoice_type == InvoiceType::CreditNote {
            return Err(Error::new(Reason::WrongState, "a credit note is taken off what is paid, and not paid itself"));
        }
        if on.state != InvoiceState::Approved {
            let detail = format!("the invoice is {}: only what was approved is paid", on.state.word());
            return Err(Error::new(Reason::WrongState, detail));
        }
        if on.payments.0.iter().any(|payment| payment.document_reference == self.document_reference) {
            return Err(Error::fault("/document_reference", "DUPLICATE", "this payment is recorded already"));
        }
        if on.payments.0.len() >= 200 {
            return Err(Error::fault("/amount", "TOO_MANY", "an invoice has at most 200 payments"));
        }
        let left = on.left();
        if self.amount.units() <= 0 || self.amount.units() > left {
            let detail = format!("must be more than zero, and {} are left to pay", Amount::new(left));
            return Err(Error::fault("/amount", "INSUFFICIENT", detail));
        }
        on.paid = Amount::new(on.paid.units() + self.amount.units());
        let (amount, paid_on, document_reference) = (self.amount, self.paid_on, self.document_reference.clone());
        on.payments.0.push(InvoicePayment { amount, paid_on, document_reference });
        on.close_paid()
    }
}
