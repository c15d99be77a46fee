//! Invoices and credit notes of partners. They post nothing to the ledger.

pub mod acts;

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::commitment::Commitment;
use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::List;
use crate::id::Id;
use crate::labels::Labels;
use crate::money::{Amount, Currency, Money};
use crate::partner::Partner;
use crate::payable::Payable;
use crate::person::Person;
use crate::quantity::Quantity;
use crate::rate_card::RateUnit;
use crate::refs::ExternalRefs;
use crate::resource::{Acting, Place, Rules};
use crate::retention_release::RetentionRelease;
use crate::service_level_measurement::ServiceLevelMeasurement;
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// An invoice or credit note of a partner for an engagement. It posts nothing, and it cannot charge more than was accepted,
/// released or agreed. A person of the organisation approves or rejects it. Finance reports its payments.
#[resource(
    prefix = "inv",
    plural = "invoices",
    scope = "InEngagement",
    verbs(
        crate::invoice::acts::ApproveInvoice,
        crate::invoice::acts::RejectInvoice,
        crate::invoice::acts::WithdrawInvoice,
        crate::invoice::acts::AcceptInvoice,
        crate::invoice::acts::DisputeInvoice,
        crate::invoice::acts::AnswerDisputeInvoice,
        crate::invoice::acts::RecordPaymentInvoice,
    )
)]
pub struct Invoice {
    /// The engagement that is invoiced.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Type: invoice or credit note.
    #[field(create, filter)]
    pub invoice_type: InvoiceType,
    /// Its number in the books of the partner, unique there.
    #[field(create, filter)]
    pub number: Text<100>,
    /// Date of the invoice.
    #[field(create, filter)]
    pub issued_on: Day,
    /// Due date: `issued_on` plus the payment terms of the engagement.
    #[field(filter)]
    pub due_on: Option<Day>,
    /// The currency of its amounts.
    #[field(create, filter)]
    pub currency: Currency,
    /// The invoice that a credit note credits, in whole or in part.
    #[field(create, filter)]
    pub credited_invoice_id: Option<Id<Invoice>>,
    /// The breach of a service level for which it is a credit.
    #[field(filter)]
    pub service_level_measurement_id: Option<Id<ServiceLevelMeasurement>>,
    /// Number of the purchase order.
    #[field(create, filter)]
    pub purchase_order_reference: Option<Text<100>>,
    /// The line of that purchase order.
    #[field(create, filter)]
    pub purchase_order_line: Option<Text<50>>,
    /// Lines of the invoice or credit note.
    #[field(create)]
    pub lines: List<InvoiceLine, 500>,
    /// Sum of its lines without tax.
    #[field(filter)]
    pub net: Amount,
    /// Sum of the taxes of its lines.
    #[field(filter)]
    pub tax: Amount,
    /// Total with tax.
    #[field(filter)]
    pub gross: Amount,
    /// State of the invoice.
    #[field(filter)]
    pub state: InvoiceState,
    /// Reason of the rejection or withdrawal.
    #[field(system)]
    pub state_reason: Option<Text<1000>>,
    /// The person who approved or rejected it.
    #[field(filter, private)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved or rejected (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Payments reported by finance.
    #[field(system)]
    pub payments: List<InvoicePayment, 200>,
    /// Sum of the payments.
    #[field(filter)]
    pub paid: Amount,
    /// Amount credited by credit notes that both sides agreed to, with tax.
    #[field(filter)]
    pub credited: Amount,
    /// The day on which it was fully paid; or the day of the last payment before a credit note covered the rest.
    #[field(filter)]
    pub paid_on: Option<Day>,
    /// Dispute of the partner.
    #[field(system)]
    pub dispute: Option<Text<2000>>,
    /// When the partner disputed it (UTC).
    #[field(filter)]
    pub disputed_at: Option<Instant>,
    /// Answer to the dispute.
    #[field(system)]
    pub dispute_answer: Option<Text<2000>>,
    /// When the dispute was answered (UTC); it is closed from then on.
    #[field(filter)]
    pub dispute_answered_at: Option<Instant>,
    /// Cost that finance posted of it by its number, without tax, apart from what an order bears; absent while there is none.
    /// The accrual of the work it charges is taken back by this amount.
    #[field(filter, private)]
    pub posted: Option<Amount>,
    /// The commitment of that purchase order line, where there is one.
    #[field(filter, private)]
    pub commitment_id: Option<Id<Commitment>>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// Type of an invoice.
#[words]
pub enum InvoiceType {
    /// Invoice.
    Invoice,
    /// Credit note.
    CreditNote,
}

/// State of an invoice.
#[words(states)]
#[derive(Default)]
pub enum InvoiceState {
    /// Waits for the organisation.
    #[default]
    Submitted,
    /// A credit note that the organisation proposes; waits for the partner.
    Proposed,
    /// Approved; payable on its due date.
    Approved,
    /// Rejected by the organisation.
    Rejected,
    /// Withdrawn by its sender.
    Withdrawn,
    /// Fully paid, apart from credited amounts.
    Paid,
}

impl States for InvoiceState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Submitted, &[Self::Approved, Self::Rejected, Self::Withdrawn]),
        (Self::Proposed, &[Self::Approved, Self::Withdrawn]),
        (Self::Approved, &[Self::Paid]),
    ];
}

/// A charged item: an acceptance, released retention, work by time, or a call-off from a framework.
#[input(value)]
pub struct InvoiceLine {
    /// Description of the item.
    pub description: Text<500>,
    /// The payable that an acceptance made.
    pub payable_id: Option<Id<Payable>>,
    /// The release of retention.
    pub retention_release_id: Option<Id<RetentionRelease>>,
    /// Role of the worker in the rate card, for work by time.
    pub role: Option<Text<100>>,
    /// Unit of the quantity, from the rate card.
    pub unit: Option<RateUnit>,
    /// Quantity.
    pub quantity: Option<Quantity>,
    /// The day, or the last day, of the work. The rate of this day applies.
    pub worked_on: Option<Day>,
    /// The agreed rate. It is optional; where given it must match the rate card.
    pub rate: Option<Amount>,
    /// Charged amount without tax. For work by time: quantity times rate, rounded half to even at the minor unit of the
    /// currency; it is optional, and must match where given. Otherwise it must be whole in the minor unit.
    pub amount: Option<Amount>,
    /// Tax on the amount, whole in the minor unit of the currency.
    pub tax: Option<Amount>,
}

/// A payment of an invoice by finance.
#[input(value)]
pub struct InvoicePayment {
    /// The paid amount.
    pub amount: Amount,
    /// The day on which it left the account.
    pub paid_on: Day,
    /// Number of the payment in the books of finance.
    pub document_reference: Text<200>,
}

impl InvoiceLine {
    /// The charged amount without tax.
    pub fn units(&self) -> i64 {
        self.amount.map_or(0, Amount::units)
    }

    /// Whether it is work by time.
    pub const fn is_time(&self) -> bool {
        self.role.is_some() || self.unit.is_some() || self.quantity.is_some() || self.worked_on.is_some()
    }
}

impl Invoice {
    /// A credit note that the organisation proposes for a breach of a service level.
    pub fn propose(of: &ServiceLevelMeasurement, credit: Money, id: u128, at: Instant, by: Actor) -> Self {
        let name: String = of.service_level.as_str().chars().take(400).collect();
        let line = InvoiceLine {
            description: Text::ours(format!("Credit for {name} from {} to {}", of.period_starts_on, of.period_ends_on)),
            payable_id: None,
            retention_release_id: None,
            role: None,
            unit: None,
            quantity: None,
            worked_on: None,
            rate: None,
            amount: Some(Amount::new(credit.units)),
            tax: None,
        };
        Self {
            id: Id::from_u128(id),
            revision: 1,
            created_at: at,
            updated_at: at,
            created_by: by,
            deleted_at: None,
            external_refs: ExternalRefs::default(),
            labels: Labels::default(),
            engagement_id: of.engagement_id,
            partner_id: of.partner_id,
            invoice_type: InvoiceType::CreditNote,
            number: Text::ours(format!("credit {}", of.id)),
            issued_on: at.day(),
            due_on: None,
            currency: credit.currency,
            credited_invoice_id: None,
            service_level_measurement_id: Some(of.id),
            purchase_order_reference: None,
            purchase_order_line: None,
            lines: List(vec![line]),
            net: Amount::new(credit.units),
            tax: Amount::new(0),
            gross: Amount::new(credit.units),
            state: InvoiceState::Proposed,
            state_reason: None,
            decided_by: None,
            decided_at: None,
            payments: List(Vec::new()),
            paid: Amount::new(0),
            credited: Amount::new(0),
            paid_on: None,
            dispute: None,
            disputed_at: None,
            dispute_answer: None,
            dispute_answered_at: None,
            posted: None,
            commitment_id: None,
            private_notes: None,
        }
    }

    /// Whether it counts against the chargeable amount: every invoice that is not rejected or withdrawn, and credit notes
    /// that both sides agreed to.
    pub fn counts(&self) -> bool {
        let agreed = matches!(self.state, InvoiceState::Approved | InvoiceState::Paid);
        let waits = self.state == InvoiceState::Submitted && self.invoice_type == InvoiceType::Invoice;
        self.deleted_at.is_none() && (agreed || waits)
    }

    /// Whether both sides agree to it.
    pub fn is_agreed(&self) -> bool {
        self.deleted_at.is_none() && matches!(self.state, InvoiceState::Approved | InvoiceState::Paid)
    }

    /// The amount left to pay.
    pub fn left(&self) -> i64 {
        self.gross.units().saturating_sub(self.credited.units()).saturating_sub(self.paid.units()).max(0)
    }

    /// Sets it to paid where nothing is left to pay.
    pub(crate) fn close_paid(&mut self) -> Result<(), Error> {
        if self.state == InvoiceState::Approved && self.left() == 0 {
            self.state.go(InvoiceState::Paid)?;
            self.paid_on = self.payments.0.iter().map(|payment| payment.paid_on).max();
        }
        Ok(())
    }

    /// Applies a credit note to it, with tax.
    pub fn credit(&mut self, gross: Amount) -> Result<(), Error> {
        self.credited = Amount::new(self.credited.units().saturating_add(gross.units()));
        self.close_paid()
    }

    /// The paid share of a part, where this much of the whole is paid, in minor units.
    pub fn paid_of(&self, part: i64, paid: Amount) -> i64 {
        if paid == self.gross {
            return part;
        }
        let share = i128::from(part) * i128::from(paid.units());
        let share = share.checked_div(i128::from(self.gross.units())).and_then(|share| i64::try_from(share).ok());
        let unit = self.currency.minor_unit();
        share.unwrap_or(0) / unit * unit
    }

    /// 1 for an invoice, -1 for a credit note.
    pub const fn sign(&self) -> i64 {
        match self.invoice_type {
            InvoiceType::Invoice => 1,
            InvoiceType::CreditNote => -1,
        }
    }

    /// Whether a dispute of the partner waits for an answer.
    pub const fn is_disputed(&self) -> bool {
        self.disputed_at.is_some() && self.dispute_answered_at.is_none()
    }

    fn sum(&self) -> Result<[Amount; 3], Error> {
        let net: i128 = self.lines.0.iter().map(|line| i128::from(line.units())).sum();
        let tax: i128 = self.lines.0.iter().map(|line| i128::from(line.tax.map_or(0, Amount::units))).sum();
        let amount = |units: i128| {
            let beyond = || Error::fault("/lines", "OUT_OF_RANGE", "the sum exceeds the range of an amount");
            i64::try_from(units).map(Amount::new).map_err(|_| beyond())
        };
        Ok([amount(net)?, amount(tax)?, amount(net + tax)?])
    }

    pub(crate) fn decide(&mut self, to: InvoiceState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on an invoice")?;
        if self.state == InvoiceState::Submitted && self.created_by.0 == person.to_string() {
            let detail = "an invoice must be decided by another person than the one who entered it";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        if self.state == InvoiceState::Proposed {
            return Err(Error::new(Reason::WrongState, "a proposed credit note waits for the partner"));
        }
        self.state.go(to)?;
        (self.decided_by, self.decided_at) = (Some(person), Some(acting.now));
        Ok(())
    }
}

impl Rules for Invoice {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.lines.0.is_empty() {
            faults.push(Fault::new("/lines", "REQUIRED", "an invoice has at least one line"));
        }
        for (i, line) in self.lines.0.iter().enumerate() {
            if line.amount.is_some_and(|amount| amount.units() <= 0) {
                faults.push(Fault::new(format!("/lines/{i}/amount"), "OUT_OF_RANGE", "must be more than zero"));
            }
            if line.tax.is_some_and(|tax| tax.units() < 0) {
                faults.push(Fault::new(format!("/lines/{i}/tax"), "OUT_OF_RANGE", "must not be below zero"));
            }
        }
        match self.sum() {
            Ok([net, tax, gross]) => (self.net, self.tax, self.gross) = (net, tax, gross),
            Err(error) => faults.extend(error.faults),
        }
        let credit = self.invoice_type == InvoiceType::CreditNote;
        if !credit && self.credited_invoice_id.is_some() {
            let detail = "only a credit note can credit an invoice";
            faults.push(Fault::new("/credited_invoice_id", "DOES_NOT_FIT", detail));
        }
        if credit && self.credited_invoice_id.is_none() && self.service_level_measurement_id.is_none() {
            let detail = "is required: the invoice that is credited";
            faults.push(Fault::new("/credited_invoice_id", "REQUIRED", detail));
        }
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            InvoiceState::Submitted | InvoiceState::Withdrawn => Ok(()),
            state => {
                Err(Error::new(Reason::WrongState, format!("the invoice is {} and cannot be deleted", state.word())))
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            partner: self.partner_id.map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}
