//! Batches of purchase orders: the lines that a purchasing system sent together, and their outcomes.

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

/// Purchase order lines that a purchasing system sent together, with their control totals. The lines update commitments. The
/// results hold the outcome of each line.
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
    /// Reference of the batch in the source, unique there. A repeated reference returns the first answer.
    #[field(create, filter)]
    pub batch_ref: Text<200>,
    /// The legal entity of the orders.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Number of lines.
    #[field(filter)]
    pub line_count: i32,
    /// Number of lines and their sums by outcome. Together they equal the control totals.
    #[field(system)]
    pub outcomes: Vec<PurchaseOrderOutcome>,
    /// Number of lines beyond the budget, with an override or where the legal entity only warns.
    #[field(filter)]
    pub over_budget_count: i32,
    /// Reason to override the budget, where an override was requested.
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
    /// SHA-256 of the content sent, as 64 hexadecimal digits.
    #[field(create)]
    pub lines_sha256: Text<64>,
}

/// Operation of a line on a purchase order line.
#[words]
pub enum PurchaseOrderAction {
    /// Requests it; commits no money yet.
    Request,
    /// Orders it, whether it was requested before or not.
    Commit,
    /// Changes the ordered amount.
    Amend,
    /// Records that the final invoice was received: the open amount is released.
    FinalInvoice,
    /// Cancels the amount that is neither received nor invoiced.
    Cancel,
}

/// Outcome of a line.
#[words]
pub enum PurchaseOrderStatus {
    /// The commitment now matches the line.
    Applied,
    /// The commitment matched already; nothing was changed.
    Unchanged,
    /// Rejected; nothing was changed.
    Rejected,
}

/// Outcome of a line.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseOrderResult {
    /// Number of the line, from 1.
    #[field(min = 1)]
    pub line: i32,
    /// Number of the purchase order.
    pub purchase_order_reference: String,
    /// Line of the purchase order.
    pub purchase_order_line: Option<String>,
    /// Requested operation.
    pub action: PurchaseOrderAction,
    /// Outcome.
    pub status: PurchaseOrderStatus,
    /// Reason of a rejection, as a code that a program can compare.
    pub reason: Option<String>,
    /// Description of the problem and of valid input.
    pub detail: Option<String>,
    /// The commitment of the line, where there is one.
    pub commitment_id: Option<String>,
    /// Whether it exceeded the available budget of the program in the fiscal year.
    pub over_budget: bool,
}

/// Lines of a batch with the same outcome.
#[input(value)]
pub struct PurchaseOrderOutcome {
    /// Outcome.
    pub status: PurchaseOrderStatus,
    /// Number of lines.
    pub count: i32,
    /// Their sums, one per currency.
    pub totals: Vec<CurrencyTotal>,
}

/// Control totals of a purchasing system.
#[input(value)]
pub struct PurchaseOrderControl {
    /// Number of lines.
    pub count: LineCount,
    /// Sums of the amounts, one per currency; lines without an amount count as zero.
    pub totals: Vec<ControlTotal>,
}

/// A purchase order line, and the operation on it.
#[input(value)]
pub struct PurchaseOrderLine {
    /// The operation.
    pub action: PurchaseOrderAction,
    /// Number of the purchase order.
    pub purchase_order_reference: Text<100>,
    /// Line of the purchase order. Number and line are unique in the books of the legal entity.
    pub purchase_order_line: Option<Text<50>>,
    /// The requested or ordered amount; with `amend`, the new total of the ordered amount.
    pub amount: Option<Money>,
    /// The program whose budget it uses. Required for a new order line, as are `title` and one of `fiscal_period_id` and
    /// `ordered_on`.
    pub program_id: Option<Id<Program>>,
    /// The period in which it is budgeted.
    pub fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// The day of the order. It determines the period where `fiscal_period_id` is absent.
    pub ordered_on: Option<Day>,
    /// The project of the program; absent where it is not for one project.
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// The engagement that it belongs to.
    pub engagement_id: Option<Id<Engagement>>,
    /// Short name of the purchase, shown in lists.
    pub title: Option<Text<200>>,
    /// Reason; required for `amend` and `cancel`.
    pub reason: Option<Text<1000>>,
}

impl PurchaseOrderLine {
    /// Checks that involve more than one field; faults are below `at`.
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

/// A batch of purchase orders to apply.
#[input]
pub struct PostPurchaseOrderBatch {
    /// Code of the source that sends it.
    pub source: Code,
    /// Reference of the batch in the source, unique there. A repeated reference returns the first answer.
    pub batch_ref: Text<200>,
    /// The legal entity of the orders; optional where there is only one.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// Control totals of the lines. A batch whose lines do not match them is rejected as a whole.
    pub control: PurchaseOrderControl,
    /// Whether to apply the valid lines of a batch with rejected lines. Otherwise one rejected line rejects the batch.
    pub partial: bool,
    /// Reason to apply lines beyond the available budget; requires the right to override the budget.
    pub override_reason: Option<Text<1000>>,
    /// The lines, applied in this order.
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
        Err(Error::new(Reason::WrongState, "a batch cannot be deleted; amend or cancel its lines"))
    }
}
