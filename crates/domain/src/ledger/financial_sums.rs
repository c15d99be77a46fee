//! Balances of the ledger, added up to reported figures.

use std::ops::{AddAssign, Sub};

use steerco_derive::answer;

use crate::error::Error;
use crate::ledger_account::LedgerAccount;
use crate::money::{Amount, Currency};

/// Options of the available amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whether the remaining reserves count as available.
    pub reserves: bool,
    /// Whether requested and not ordered amounts reduce the available amount.
    pub requests: bool,
}

/// A sum of balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The id or word of the group; empty where there is none.
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
    /// Approved budget: the budgets in force with transfers, without reserves.
    pub approved: Amount,
    /// Remaining contingency reserve.
    pub contingency: Amount,
    /// Remaining management reserve.
    pub management_reserve: Amount,
    /// Amount ordered, and neither received nor invoiced.
    pub committed: Amount,
    /// Amount received and not invoiced.
    pub accrued: Amount,
    /// Actual cost.
    pub actual: Amount,
    /// Amount requested and not ordered. It commits no money and has no ledger entry. Absent where it is not counted. Without
    /// a rate it is in `unconverted` among commitments. By posting day it is converted as of the end of its period.
    pub requested: Option<Amount>,
    /// Approved less committed, accrued and actual; less `requested` with `requests_counted`; plus the remaining reserves
    /// with `reserves_counted`.
    pub available: Amount,
    /// Estimate at completion of the forecasts in force: the actual and accrued cost before the first period of each, plus
    /// its estimate to complete (EAC = AC + ETC, bottom-up: Project Management Institute, Practice Standard for Earned Value
    /// Management). Absent where no visible program has a forecast.
    pub forecast: Option<Amount>,
    /// Variance at completion: approved less forecast (VAC = BAC - EAC, same source). Below zero, the expected cost exceeds
    /// the approved budget. The approved budget of programs without a forecast is included.
    pub variance: Option<Amount>,
    /// Number of ledger entries behind the figures.
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
