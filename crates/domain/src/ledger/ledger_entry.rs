//! Ledger entries: what was posted, for good.

use steerco_derive::{resource, words};

use crate::actuals_batch::ActualsBatch;
use crate::budget::Budget;
use crate::budget_transfer::BudgetTransfer;
use crate::coding_rule::CodingRule;
use crate::commitment::Commitment;
use crate::cost_category::CostCategory;
use crate::cost_coding::CostCoding;
use crate::engagement::Engagement;
use crate::fiscal_period::FiscalPeriod;
use crate::forecast::Forecast;
use crate::id::Id;
pub use crate::ledger_account::LedgerAccount;
use crate::legal_entity::LegalEntity;
use crate::money::{Amount, Money};
use crate::program::Program;
use crate::project::Project;
use crate::resource::{Place, Rules};
use crate::review::Review;
use crate::spend::Spend;
use crate::text::{Code, Text};
use crate::time::Day;

/// One posting of the double-entry ledger: an amount goes from the credit to the debit account, so that the ledger
/// balances by construction. It is never changed or deleted; what was wrong is reversed and posted anew. A negative
/// amount is a credit as its source sent it. Single entries of a sensitive cost category, such as pay, are in sight of
/// finance and auditors only; what they come to is told to all who read the ledger.
#[resource(prefix = "ledg", plural = "ledger_entries", scope = "InProgram", reach = "Record")]
pub struct LedgerEntry {
    /// The batch that posted it.
    #[field(filter)]
    pub actuals_batch_id: Option<Id<ActualsBatch>>,
    /// The budget whose approval posted it.
    #[field(filter)]
    pub budget_id: Option<Id<Budget>>,
    /// The transfer whose approval posted it.
    #[field(filter)]
    pub budget_transfer_id: Option<Id<BudgetTransfer>>,
    /// The line of what posted it, from 1.
    #[field(filter)]
    pub line: i32,
    /// What it does.
    #[field(create, filter)]
    pub entry_type: LedgerEntryType,
    /// The account debited.
    #[field(create, filter)]
    pub debit_account: LedgerAccount,
    /// The account credited.
    #[field(create, filter)]
    pub credit_account: LedgerAccount,
    /// How much, in the currency of the transaction.
    #[field(create, filter)]
    pub amount: Money,
    /// Its posting date, as finance says.
    #[field(create, filter)]
    pub posted_on: Day,
    /// The company whose books it is in.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The period it counts in.
    #[field(create, filter)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The closed period it belongs to by its posting date, where it came too late for it.
    #[field(filter)]
    pub prior_period_id: Option<Id<FiscalPeriod>>,
    /// The program it is a cost of; none while it is in suspense.
    #[field(filter)]
    pub program_id: Option<Id<Program>>,
    /// The project it is a cost of.
    #[field(filter)]
    pub project_id: Option<Id<Project>>,
    /// What kind of cost it is.
    #[field(filter)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    #[field(filter)]
    pub spend: Option<Spend>,
    /// The rule that coded it; none where the line itself said where it goes.
    #[field(filter)]
    pub coding_rule_id: Option<Id<CodingRule>>,
    /// Code of the source that sent it; none where it was decided here.
    #[field(filter)]
    pub source: Option<Code>,
    /// Its identifier there.
    #[field(filter)]
    pub external_id: Option<Text<200>>,
    /// How finance coded it.
    #[field(filter)]
    pub cost_code: Option<Text<200>>,
    /// Number of the document.
    #[field(filter)]
    pub document_reference: Option<Text<200>>,
    /// The vendor, as finance calls it.
    #[field(filter)]
    pub vendor_reference: Option<Text<200>>,
    /// What finance says of it.
    #[field(system)]
    pub description: Option<Text<500>>,
    /// The entry it takes back or moves.
    #[field(filter)]
    pub reverses_id: Option<Id<LedgerEntry>>,
    /// The entry it replaces.
    #[field(filter)]
    pub corrects_id: Option<Id<LedgerEntry>>,
    /// Whether an entry of the same content under another identifier was there already: perhaps the same thing twice.
    #[field(filter)]
    pub possible_repeat: bool,
    /// First 32 hexadecimal digits of the SHA-256 of its content as it was sent, without its identifier.
    #[field(filter)]
    pub content_digest: Option<Text<64>>,
    /// The commitment that posted it.
    #[field(filter)]
    pub commitment_id: Option<Id<Commitment>>,
    /// The forecast whose submission posted it.
    #[field(filter)]
    pub forecast_id: Option<Id<Forecast>>,
    /// The amount in the currency of the books, as the ledger system has it; conversion into that currency takes it.
    #[field(filter)]
    pub local_amount: Option<Money>,
    /// The amount in the currency of the group, as the ledger system has it; conversion into that currency takes it.
    #[field(filter)]
    pub group_amount: Option<Money>,
    /// Number of the purchase order that it invoices.
    #[field(filter)]
    pub purchase_order_reference: Option<Text<100>>,
    /// The line of that order.
    #[field(filter)]
    pub purchase_order_line: Option<Text<50>>,
    /// Number of the vendor's invoice.
    #[field(filter)]
    pub invoice_reference: Option<Text<200>>,
    /// The commitment that it invoices, and that it reduced when it was posted.
    #[field(filter)]
    pub invoiced_commitment_id: Option<Id<Commitment>>,
    /// By how much it invoices more than its order line had left; below zero, by how much it credits more than was
    /// invoiced. Absent where it fits.
    #[field(filter)]
    pub exceeds_order_by: Option<Amount>,
    /// By how much it went beyond what was available to its program in the fiscal year, where the budget is controlled.
    #[field(filter)]
    pub exceeds_budget_by: Option<Amount>,
    /// The review whose acceptance, or its revocation, posted it, through a commitment or by itself.
    #[field(filter)]
    pub review_id: Option<Id<Review>>,
    /// The engagement of that review.
    #[field(filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// How finance coded it beside the cost code.
    #[field(system)]
    pub coding: Option<CostCoding>,
}

/// What a ledger entry does.
#[words]
pub enum LedgerEntryType {
    /// A cost as finance sent it.
    Actual,
    /// Takes an earlier entry back.
    Reversal,
    /// Moves a cost from suspense to where it belongs.
    Reclassification,
    /// What the approval of a budget changes in what may be spent.
    BudgetApproval,
    /// Money that moves within what is approved.
    BudgetTransfer,
    /// Money drawn from a reserve.
    ReserveDrawdown,
    /// What a commitment binds more or less.
    Commitment,
    /// What is received more or less than invoiced.
    Accrual,
    /// What a forecast estimates otherwise than the one before.
    Forecast,
}

impl Rules for LedgerEntry {
    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}
