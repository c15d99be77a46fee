//! Verbs of invoices: decisions, disputes and payments.

use steerco_derive::input;

use crate::error::{Error, Reason};
use crate::invoice::{Invoice, InvoicePayment, InvoiceState, InvoiceType};
use crate::money::Amount;
use crate::resource::{Acting, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// Approves an invoice; finance pays it separately. The approver must not be the person who entered it.
#[input]
pub struct ApproveInvoice {}

impl Verb for ApproveInvoice {
    type On = Invoice;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut Invoice, acting: &Acting) -> Result<(), Error> {
        on.decide(InvoiceState::Approved, acting)
    }
}

/// Rejects an invoice. Its items can be charged again.
#[input]
pub struct RejectInvoice {
    /// Reason; the partner can read it too.
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

/// Withdraws an invoice that is not decided yet.
#[input]
pub struct WithdrawInvoice {
    /// Reason.
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

/// Accepts a credit note that the organisation proposes.
#[input]
pub struct AcceptInvoice {}

impl Verb for AcceptInvoice {
    type On = Invoice;
    const NAME: &'static str = "accept";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if on.state != InvoiceState::Proposed {
            return Err(Error::new(Reason::WrongState, "the partner can only accept a proposed credit note"));
        }
        on.state.go(InvoiceState::Approved)?;
        on.decided_at = Some(now);
        Ok(())
    }
}

/// Disputes the decision on an invoice, or a proposed credit note. The statement of account shows the dispute until it is
/// answered.
#[input]
pub struct DisputeInvoice {
    /// Text of the dispute: the problem, and the expected correction.
    pub dispute: Text<2000>,
}

impl Verb for DisputeInvoice {
    type On = Invoice;
    const NAME: &'static str = "dispute";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if on.state == InvoiceState::Withdrawn {
            return Err(Error::new(Reason::WrongState, "a withdrawn invoice cannot be disputed"));
        }
        if on.is_disputed() {
            return Err(Error::new(Reason::WrongState, "the invoice is already disputed and waits for an answer"));
        }
        (on.dispute, on.disputed_at) = (Some(self.dispute.clone()), Some(now));
        (on.dispute_answer, on.dispute_answered_at) = (None, None);
        Ok(())
    }
}

/// Answers the dispute of the partner.
#[input]
pub struct AnswerDisputeInvoice {
    /// The answer; the partner can read it.
    pub answer: Text<2000>,
}

impl Verb for AnswerDisputeInvoice {
    type On = Invoice;
    const NAME: &'static str = "answer_dispute";
    fn decide(&self, on: &mut Invoice, now: Instant) -> Result<(), Error> {
        if !on.is_disputed() {
            return Err(Error::new(Reason::WrongState, "the invoice has no open dispute"));
        }
        (on.dispute_answer, on.dispute_answered_at) = (Some(self.answer.clone()), Some(now));
        Ok(())
    }
}

/// Records a payment by finance of an approved invoice.
#[input]
pub struct RecordPaymentInvoice {
    /// The paid amount, whole in the minor unit of the currency.
    pub amount: Amount,
    /// The day on which it left the account.
    pub paid_on: Day,
    /// Number of the payment in the books of finance; unique in the invoice.
    pub document_reference: Text<200>,
}

impl Verb for RecordPaymentInvoice {
    type On = Invoice;
    const NAME: &'static str = "record_payment";
    fn decide(&self, on: &mut Invoice, _now: Instant) -> Result<(), Error> {
        if on.invoice_type == InvoiceType::CreditNote {
            return Err(Error::new(Reason::WrongState, "a credit note cannot be paid; it reduces the amount to pay"));
        }
        if on.state != InvoiceState::Approved {
            let detail = format!("the invoice is {}: only an approved invoice can be paid", on.state.word());
            return Err(Error::new(Reason::WrongState, detail));
        }
        if on.payments.0.iter().any(|payment| payment.document_reference == self.document_reference) {
            return Err(Error::fault(
                "/document_reference",
                "DUPLICATE",
                "a payment with this reference is already recorded",
            ));
        }
        if on.payments.0.len() >= 200 {
            return Err(Error::fault("/amount", "TOO_MANY", "an invoice has at most 200 payments"));
        }
        let left = on.left();
        if self.amount.units() <= 0 || self.amount.units() > left {
            let detail = format!("must be more than zero, and {} are left to pay", Amount::new(left));
            return Err(Error::fault("/amount", "INSUFFICIENT", detail));
        }
        // A rest that an earlier version charged in parts of a minor unit can be paid as a whole.
        let fault = on.currency.check_whole("/amount", self.amount.units());
        if let Some(fault) = fault.filter(|_| self.amount.units() != left) {
            return Err(Error::invalid(vec![fault]));
        }
        on.paid = Amount::new(on.paid.units() + self.amount.units());
        let (amount, paid_on, document_reference) = (self.amount, self.paid_on, self.document_reference.clone());
        on.payments.0.push(InvoicePayment { amount, paid_on, document_reference });
        on.close_paid()
    }
}
