//! Explanations: the ledger entries behind the figures of a roll-up. Single entries of a sensitive cost category require
//! permission; other callers get their totals.

use steerco_derive::answer;

use crate::cost_category::CostCategory;
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::ledger_account::LedgerAccount;
use crate::ledger_entry::{LedgerEntry, LedgerEntryType};
use crate::money::{Amount, Currency, Money};
use crate::program::Program;
use crate::project::Project;
use crate::spend::Spend;
use crate::text::Text;
use crate::time::Day;

/// The figure to explain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// Account of the figure; all program accounts if absent.
    pub account: Option<LedgerAccount>,
    /// Group of the figure; all groups if absent.
    pub group_key: Option<String>,
    pub page_size: Option<i64>,
    pub page_token: Option<String>,
}

/// Ledger entries behind the figures.
#[answer]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// One page of entries, ordered by id.
    pub entries: Vec<ExplainedEntry>,
    /// Totals of the entries of sensitive cost categories, for callers who may not read them individually. Returned with the
    /// first page.
    pub masked: Vec<MaskedTotal>,
    /// Token of the next page; absent on the last page.
    pub next_page_token: Option<String>,
}

/// The amount that a ledger entry adds to an account.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedEntry {
    /// Id of the ledger entry.
    #[field(plain)]
    pub ledger_entry_id: Id<LedgerEntry>,
    /// Id of the event of the change that posted it.
    pub event_id: String,
    /// Type of the entry.
    pub entry_type: LedgerEntryType,
    /// Account of the amount.
    pub account: LedgerAccount,
    /// Amount added to the account; negative if it reduces the account.
    pub amount: Money,
    /// Posting date.
    pub posted_on: Day,
    /// Fiscal period of the entry.
    #[field(plain)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// Program of the entry.
    #[field(plain)]
    pub program_id: Option<Id<Program>>,
    /// Project of the entry.
    #[field(plain)]
    pub project_id: Option<Id<Project>>,
    /// Cost category of the entry.
    #[field(plain)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Spend type: capital or operating expenditure.
    pub spend: Option<Spend>,
    /// Document number.
    #[field(plain)]
    pub document_reference: Option<Text<200>>,
    /// Vendor, as identified by finance.
    #[field(plain)]
    pub vendor_reference: Option<Text<200>>,
    /// Description given by finance.
    #[field(plain)]
    pub description: Option<Text<500>>,
}

impl ExplainedEntry {
    /// The amounts that an entry adds to its program accounts, or to the requested account only.
    pub fn of(entry: &LedgerEntry, account: Option<LedgerAccount>, event_id: &str) -> Vec<Self> {
        let sides = [(entry.debit_account, false), (entry.credit_account, true)];
        let told = |side: &(LedgerAccount, bool)| side.0.is_of_programs() && account.is_none_or(|one| one == side.0);
        let side = |(_, credit): (LedgerAccount, bool)| Self::new(entry.clone(), credit, event_id.to_owned());
        sides.into_iter().filter(told).map(side).collect()
    }

    fn new(entry: LedgerEntry, credit: bool, event_id: String) -> Self {
        let units = if credit { entry.amount.units.saturating_neg() } else { entry.amount.units };
        Self {
            ledger_entry_id: entry.id,
            event_id,
            entry_type: entry.entry_type,
            account: if credit { entry.credit_account } else { entry.debit_account },
            amount: Money::new(units, entry.amount.currency),
            posted_on: entry.posted_on,
            fiscal_period_id: entry.fiscal_period_id,
            program_id: entry.program_id,
            project_id: entry.project_id,
            cost_category_id: entry.cost_category_id,
            spend: entry.spend,
            document_reference: entry.document_reference,
            vendor_reference: entry.vendor_reference,
            description: entry.description,
        }
    }
}

/// Total of the entries of a sensitive cost category.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedTotal {
    /// Cost category.
    #[field(plain)]
    pub cost_category_id: Id<CostCategory>,
    /// Account.
    pub account: LedgerAccount,
    /// Currency.
    pub currency: Currency,
    /// Total amount.
    pub amount: Amount,
    /// Number of entries.
    #[field(min = 0)]
    pub entry_count: i32,
}
