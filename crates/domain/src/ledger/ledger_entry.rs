//! Ledger entries: permanent postings.

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
use crate::invoice::Invoice;
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

/// One posting of the double-entry ledger. An amount goes from the credit account to the debit account, so that the ledger
/// always balances. An entry is never changed or deleted; an error is reversed and posted again. A negative amount is a
/// credit from its source. Single entries of a sensitive cost category, such as pay, are visible to finance and auditors
/// only. Their sums are visible to everyone who can read the ledger.
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
    /// The line of the batch, budget or other document that posted it, from 1.
    #[field(filter)]
    pub line: i32,
    /// Type of the entry.
    #[field(create, filter)]
    pub entry_type: LedgerEntryType,
    /// The account debited.
    #[field(create, filter)]
    pub debit_account: LedgerAccount,
    /// The account credited.
    #[field(create, filter)]
    pub credit_account: LedgerAccount,
    /// The amount, in the currency of the transaction.
    #[field(create, filter)]
    pub amount: Money,
    /// Its posting date, from finance.
    #[field(create, filter)]
    pub posted_on: Day,
    /// The legal entity whose books it is in.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The fiscal period of the entry.
    #[field(create, filter)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The closed period of its posting date, where it was posted after that period was closed.
    #[field(filter)]
    pub prior_period_id: Option<Id<FiscalPeriod>>,
    /// The program of the cost; absent while it is in suspense.
    #[field(filter)]
    pub program_id: Option<Id<Program>>,
    /// The project of the cost.
    #[field(filter)]
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    #[field(filter)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    #[field(filter)]
    pub spend: Option<Spend>,
    /// The coding rule that was applied; absent where the line itself named the program.
    #[field(filter)]
    pub coding_rule_id: Option<Id<CodingRule>>,
    /// Code of the source that sent it; absent for an entry that originates in this service.
    #[field(filter)]
    pub source: Option<Code>,
    /// Identifier of the line in the source.
    #[field(filter)]
    pub external_id: Option<Text<200>>,
    /// Cost code from finance.
    #[field(filter)]
    pub cost_code: Option<Text<200>>,
    /// Number of the document.
    #[field(filter)]
    pub document_reference: Option<Text<200>>,
    /// Reference of the vendor in the finance system.
    #[field(filter)]
    pub vendor_reference: Option<Text<200>>,
    /// Description from finance.
    #[field(system)]
    pub description: Option<Text<500>>,
    /// The entry that this one reverses or reclassifies.
    #[field(filter)]
    pub reverses_id: Option<Id<LedgerEntry>>,
    /// The entry it replaces.
    #[field(filter)]
    pub corrects_id: Option<Id<LedgerEntry>>,
    /// Whether an entry of the same content exists under another identifier: a possible duplicate.
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
    /// The amount in the currency of the books, from the ledger system; used for conversion into that currency.
    #[field(filter)]
    pub local_amount: Option<Money>,
    /// The amount in the currency of the group, from the ledger system; used for conversion into that currency.
    #[field(filter)]
    pub group_amount: Option<Money>,
    /// Number of the purchase order that it invoices.
    #[field(filter)]
    pub purchase_order_reference: Option<Text<100>>,
    /// The line of that purchase order.
    #[field(filter)]
    pub purchase_order_line: Option<Text<50>>,
    /// Number of the invoice of the vendor.
    #[field(filter)]
    pub invoice_reference: Option<Text<200>>,
    /// The commitment that it invoices; the posting reduced its open amount.
    #[field(filter)]
    pub invoiced_commitment_id: Option<Id<Commitment>>,
    /// The invoice of a partner that it posts, found by its number.
    #[field(filter)]
    pub invoice_id: Option<Id<Invoice>>,
    /// Excess of the invoiced amount over the open amount of the order line; below zero, excess of the credited amount over
    /// the invoiced amount. Absent without an excess.
    #[field(filter)]
    pub exceeds_order_by: Option<Amount>,
    /// Excess over the available budget of the program in the fiscal year, where the budget is controlled.
    #[field(filter)]
    pub exceeds_budget_by: Option<Amount>,
    /// The review whose acceptance or revocation posted it, directly or through a commitment.
    #[field(filter)]
    pub review_id: Option<Id<Review>>,
    /// The engagement of that review.
    #[field(filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Further coding from finance beside the cost code.
    #[field(system)]
    pub coding: Option<CostCoding>,
}

/// Type of a ledger entry.
#[words]
pub enum LedgerEntryType {
    /// A cost as sent by finance.
    Actual,
    /// Reversal of an earlier entry.
    Reversal,
    /// Reclassification of a cost out of suspense.
    Reclassification,
    /// Change of the approved budget by the approval of a budget.
    BudgetApproval,
    /// Transfer of money within the approved budget.
    BudgetTransfer,
    /// Drawdown of money from a reserve.
    ReserveDrawdown,
    /// Change of a committed amount.
    Commitment,
    /// Change of an accrual: received less invoiced.
    Accrual,
    /// Change of the estimate against the forecast before.
    Forecast,
}

impl Rules for LedgerEntry {
    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}
