//! Explanation: the entries behind the figures of a roll-up. Single entries of a sensitive kind of cost are for those who
//! may see them; others get what they come to.

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

/// Which figure to explain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// The account that it tells; all of programs when absent.
    pub account: Option<LedgerAccount>,
    /// The group it belongs to; all when absent.
    pub group_key: Option<String>,
    pub page_size: Option<i64>,
    pub page_token: Option<String>,
}

/// The entries behind figures.
#[answer]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// A page of them, in the order of their ids.
    pub entries: Vec<ExplainedEntry>,
    /// What the entries of sensitive cost categories come to, for those who may not see them one by one; with the first page.
    pub masked: Vec<MaskedTotal>,
    /// Token of the next page; absent on the last one.
    pub next_page_token: Option<String>,
}

/// What an entry of the ledger adds to an account.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedEntry {
    /// The entry.
    #[field(plain)]
    pub ledger_entry_id: Id<LedgerEntry>,
    /// The event of the change that posted it.
    pub event_id: String,
    /// What the entry does.
    pub entry_type: LedgerEntryType,
    /// The account.
    pub account: LedgerAccount,
    /// What it adds to the account, or below zero takes away.
    pub amount: Money,
    /// Its posting date.
    pub posted_on: Day,
    /// The period it counts in.
    #[field(plain)]
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The program it is of.
    #[field(plain)]
    pub program_id: Option<Id<Program>>,
    /// The project it is of.
    #[field(plain)]
    pub project_id: Option<Id<Project>>,
    /// What kind of cost it is.
    #[field(plain)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// Number of the document.
    #[field(plain)]
    pub document_reference: Option<Text<200>>,
    /// The vendor, as finance calls it.
    #[field(plain)]
    pub vendor_reference: Option<Text<200>>,
    /// What finance says of it.
    #[field(plain)]
    pub description: Option<Text<500>>,
}

impl ExplainedEntry {
    /// What an entry adds to its accounts of programs, or to the one that is asked for.
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

/// What entries of a sensitive cost category come to.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedTotal {
    /// The category.
    #[field(plain)]
    pub cost_category_id: Id<CostCategory>,
    /// The account.
    pub account: LedgerAccount,
    /// The currency.
    pub currency: Currency,
    /// What they come to.
    pub amount: Amount,
    /// How many they are.
    #[field(min = 0)]
    pub entry_count: i32,
}
