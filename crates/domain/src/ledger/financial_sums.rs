//! What stands in the accounts of the ledger, added up to the figures that are told.

use std::ops::{AddAssign, Sub};

use steerco_derive::answer;

use crate::error::Error;
use crate::ledger_account::LedgerAccount;
use crate::money::{Amount, Currency};

/// What is available counts beside what is approved, bound and spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What is left of the reserves counts as available.
    pub reserves: bool,
    /// What is requested and not ordered counts as bound.
    pub requests: bool,
}

/// A sum of balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The id or word it is grouped by; empty where there is none.
    pub key: String,
    pub account: LedgerAccount,
    pub currency: Currency,
    pub units: i128,
    pub entries: i64,
    /// Whether it is requested only: it would stand in the account if it were ordered.
    pub requested: bool,
}

/// The financials in one currency.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinancialTotal {
    /// The currency.
    pub currency: Currency,
    /// What may be spent: the budgets in force with what was transferred, reserves left out.
    pub approved: Amount,
    /// What is left of contingency.
    pub contingency: Amount,
    /// What is left of the management reserve.
    pub management_reserve: Amount,
    /// What is ordered, and neither received nor invoiced.
    pub committed: Amount,
    /// What is received and not invoiced.
    pub accrued: Amount,
    /// What was spent.
    pub actual: Amount,
    /// What is requested and not ordered: it binds nothing yet, and no entry of the ledger tells it. Absent where it is not
    /// counted. Where it has no rate, `unconverted` tells it among commitments; by day it is converted as of the end of its
    /// period.
    pub requested: Option<Amount>,
    /// Approved less committed, accrued and actual; less `requested` where `requests_counted`, and with what is left of the
    /// reserves where `reserves_counted`.
    pub available: Amount,
    /// The estimate at completion of the forecasts in force: what was spent and accrued before the first period of each, and
    /// its estimate to complete from there on (EAC = AC + ETC, bottom-up: Project Management Institute, Practice Standard for
    /// Earned Value Management). Absent where no program in sight has a forecast.
    pub forecast: Option<Amount>,
    /// Approved less forecast: the variance at completion (VAC = BAC - EAC, same source); below zero, more will be spent than
    /// is approved. What is approved for programs without a forecast is in it.
    pub variance: Option<Amount>,
    /// Entries of the ledger that these come from.
    #[field(min = 0)]
    pub entry_count: i32,
}

/// What stands in each account that is told, in one currency.
#[derive(Clone, Default)]
pub(crate) struct Sums<T> {
    approved: T,
    contingency: T,
    management_reserve: T,
    committed: T,
    accrued: T,
    actual: T,
    requested: T,
    forecast: T,
    entries: i64,
}

impl<T: Clone + AddAssign + Sub<Output = T>> Sums<T> {
    /// Adds what stands in an account, or is only requested; an account that is not told is left out.
    pub(crate) fn add(&mut self, (account, requested): (LedgerAccount, bool), units: T, entries: i64) {
        let sum = match account {
            _ if requested => &mut self.requested,
            LedgerAccount::Budget => &mut self.approved,
            LedgerAccount::Contingency => &mut self.contingency,
            LedgerAccount::ManagementReserve => &mut self.management_reserve,
            LedgerAccount::Cost => &mut self.actual,
            LedgerAccount::Commitment => &mut self.committed,
            LedgerAccount::Accrual => &mut self.accrued,
            LedgerAccount::Forecast => &mut self.forecast,
            LedgerAccount::Suspense
            | LedgerAccount::Clearing
            | LedgerAccount::Funding
            | LedgerAccount::Encumbrance
            | LedgerAccount::Outlook => return,
        };
        *sum += units;
        self.entries += entries;
    }

    /// The figures, each made an amount by itself.
    pub(crate) fn total(
        self,
        currency: Currency,
        (counts, forecast): (Counts, bool),
        amount: impl Fn(T) -> Result<Amount, Error>,
    ) -> Result<FinancialTotal, Error> {
        let mut available = self.approved.clone() - self.committed.clone() - self.accrued.clone() - self.actual.clone();
        if counts.reserves {
            available += self.contingency.clone();
            available += self.management_reserve.clone();
        }
        if counts.requests {
            available = available - self.requested.clone();
        }
        let variance = self.approved.clone() - self.forecast.clone();
        Ok(FinancialTotal {
            currency,
            approved: amount(self.approved)?,
            contingency: amount(self.contingency)?,
            management_reserve: amount(self.management_reserve)?,
            committed: amount(self.committed)?,
            accrued: amount(self.accrued)?,
            actual: amount(self.actual)?,
            requested: counts.requests.then(|| amount(self.requested)).transpose()?,
            available: amount(available)?,
            forecast: forecast.then(|| amount(self.forecast)).transpose()?,
            variance: forecast.then(|| amount(variance)).transpose()?,
            entry_count: i32::try_from(self.entries).unwrap_or(i32::MAX),
        })
    }
}
