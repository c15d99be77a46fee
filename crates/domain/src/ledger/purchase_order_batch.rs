//! Batches of purchase orders: what a purchasing system sent at once, and what became of it.

use steerco_derive::{answer, input, resource, words};

use crate::actuals_batch::LINES_MAX;
use crate::actuals_control::{ControlTotal, CurrencyTotal};
use crate::actuals_line::{LineCount, Sums, check_count, check_totals};
use crate::cost_category::CostCategory;
use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::List;
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::money::Money;
use crate::program::Program;
use crate::project::Project;
use crate::resource::Rules;
use crate::spend::Spend;
use crate::text::{Code, Text};
use crate::time::Day;

/// Lines of purchase orders that a purchasing system sent at once, with the totals it checks them by. What its lines say
/// stands in commitments, and what became of each under its results.
#[resource(
    prefix = "pobt",
    plural = "purchase_order_batches",
    scope = "Administration",
    reach = "Fixed",
    rights("create")
)]
pub struct PurchaseOrderBatch {
    /// Code of the source that sent it.
    #[field(create, filter)]
    pub source: Code,
    /// The source's own name for it; the same name again gets the first answer.
    #[field(create, filter)]
    pub batch_ref: Text<200>,
    /// The company whose orders they are.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Lines that it has.
    #[field(filter)]
    pub line_count: i32,
    /// How many lines had which end, with their sums; together they are the control totals.
    #[field(system)]
    pub outcomes: Vec<PurchaseOrderOutcome>,
    /// Lines that went beyond the budget, with leave or where the company only warns.
    #[field(filter)]
    pub over_budget_count: i32,
    /// Why the budget was overridden, where that was asked.
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
    /// SHA-256 of what was sent, as 64 hexadecimal digits.
    #[field(create)]
    pub lines_sha256: Text<64>,
}

/// What a line does with a line of a purchase order.
#[words]
pub enum PurchaseOrderAction {
    /// Asks for it; binds nothing yet.
    Request,
    /// Orders it, whether it was requested before or not.
    Commit,
    /// Changes how much is ordered.
    Amend,
    /// Says that the last invoice has come: what is open falls away.
    FinalInvoice,
    /// Cancels what is neither received nor invoiced.
    Cancel,
}

/// What became of a line.
#[words]
pub enum PurchaseOrderStatus {
    /// The commitment is now as the line says.
    Applied,
    /// It was so already; nothing was done.
    Unchanged,
    /// It cannot be; nothing was done.
    Rejected,
}

/// What became of a line.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseOrderResult {
    /// The line, from 1.
    #[field(min = 1)]
    pub line: i32,
    /// Number of the purchase order.
    pub purchase_order_reference: String,
    /// Its line.
    pub purchase_order_line: Option<String>,
    /// What was to be done.
    pub action: PurchaseOrderAction,
    /// What became of it.
    pub status: PurchaseOrderStatus,
    /// Why it was rejected, as a word a program can compare.
    pub reason: Option<String>,
    /// What is wrong and what would be right.
    pub detail: Option<String>,
    /// The commitment it is about, where there is one.
    pub commitment_id: Option<String>,
    /// Whether it went beyond what was available to the program in the fiscal year.
    pub over_budget: bool,
}

/// Lines of a batch with one end.
#[input(value)]
pub struct PurchaseOrderOutcome {
    /// What became of them.
    pub status: PurchaseOrderStatus,
    /// How many.
    pub count: i32,
    /// Their sums, one a currency.
    pub totals: Vec<CurrencyTotal>,
}

/// What a purchasing system says its lines come to.
#[input(value)]
pub struct PurchaseOrderControl {
    /// How many lines.
    pub count: LineCount,
    /// The sums of their amounts, one a currency; lines without an amount count nothing.
    pub totals: Vec<ControlTotal>,
}

/// A line of a purchase order, and what is to be done with it.
#[input(value)]
pub struct PurchaseOrderLine {
    /// What is to be done.
    pub action: PurchaseOrderAction,
    /// Number of the purchase order.
    pub purchase_order_reference: Text<100>,
    /// Its line, unique with its number in the books of the company.
    pub purchase_order_line: Option<Text<50>>,
    /// How much is requested or ordered; with `amend`, how much is ordered from now on, in all.
    pub amount: Option<Money>,
    /// The program whose money it binds; required where the order line is not here yet, as are `title` and one of
    /// `fiscal_period_id` and `ordered_on`.
    pub program_id: Option<Id<Program>>,
    /// The period it is budgeted in.
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// The day of the order: it is budgeted in the period of that day where `fiscal_period_id` names none.
    pub ordered_on: Option<Day>,
    /// The project of the program, where it is for one.
    pub project_id: Option<Id<Project>>,
    /// On what kind of cost.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// The engagement it comes from.
    pub engagement_id: Option<Id<Engagement>>,
    /// What is bought, shown in lists.
    pub title: Option<Text<200>>,
    /// Why; `amend` and `cancel` need it.
    pub reason: Option<Text<1000>>,
}

impl PurchaseOrderLine {
    /// What no single field can hold, each at its place below `at`.
    pub fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        use PurchaseOrderAction::{Amend, Cancel, Commit, FinalInvoice, Request};
        let mut fault = |name: &str, code: &'static str, detail: &str| {
            faults.push(Fault::new(format!("{at}/{name}"), code, detail));
        };
        match (self.action, self.amount) {
            (Request | Commit | Amend, None) => fault("amount", "REQUIRED", "say how much"),
            (Request | Commit | Amend, Some(amount)) if amount.units <= 0 => {
                fault("amount/amount", "OUT_OF_RANGE", "must be more than zero");
            }
            (FinalInvoice | Cancel, Some(_)) => {
                fault("amount", "DOES_NOT_FIT", "what is open falls away whole: leave the amount out");
            }
            _ => {}
        }
        if matches!(self.action, Amend | Cancel) && self.reason.is_none() {
            fault("reason", "REQUIRED", "say why");
        }
        if self.project_id.is_some() && self.program_id.is_none() {
            fault("project_id", "DOES_NOT_FIT", "is said where program_id is given");
        }
    }

    /// The order line that is meant: reference and line, which is empty where the order has none.
    pub fn key(&self) -> (String, String) {
        let line = self.purchase_order_line.as_ref().map(Text::to_string).unwrap_or_default();
        (self.purchase_order_reference.to_string(), line)
    }
}

/// A batch of purchase orders to take over.
#[input]
pub struct PostPurchaseOrderBatch {
    /// Code of the source that sends it.
    pub source: Code,
    /// The source's own name for it; the same name again gets the first answer.
    pub batch_ref: Text<200>,
    /// The company whose orders they are; may be absent where there is one only.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// What the lines come to; a batch that comes to anything else is refused whole.
    pub control: PurchaseOrderControl,
    /// Takes over the lines that can be taken over. Otherwise one that cannot refuses all.
    pub partial: bool,
    /// Why lines are taken over although the budget does not suffice; takes the right to override it.
    pub override_reason: Option<Text<1000>>,
    /// The lines, done in this order.
    pub lines: List<PurchaseOrderLine, LINES_MAX>,
}

impl PostPurchaseOrderBatch {
    /// Everything that can be judged of a batch alone: the lines themselves and what they come to.
    pub fn check(&self) -> Result<(), Error> {
        let (mut faults, mut sums) = (Vec::new(), Sums::default());
        for (i, line) in self.lines.0.iter().enumerate() {
            line.check(&format!("/lines/{i}"), &mut faults);
            if let Some(amount) = line.amount {
                sums.add(amount);
            }
        }
        faults.extend(check_count(self.control.count, self.lines.0.len()));
        faults.extend(check_totals("/control/totals", &self.control.totals, &sums));
        faults.truncate(FAULTS_MAX);
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

/// Faults of lines told at once.
const FAULTS_MAX: usize = 1_000;

impl Rules for PurchaseOrderBatch {
    fn check_delete(&self) -> Result<(), Error> {
        Err(Error::new(Reason::WrongState, "what was ordered stays; amend or cancel its lines"))
    }
}
