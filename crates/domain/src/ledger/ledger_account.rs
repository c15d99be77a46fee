//! The accounts of the ledger.

use steerco_derive::words;

/// An account of the ledger.
#[words]
pub enum LedgerAccount {
    /// Costs of programs.
    Cost,
    /// Costs that no coding rule maps yet.
    Suspense,
    /// Contra account of costs sent by finance systems.
    Clearing,
    /// Approved budgets of programs.
    Budget,
    /// Contingency reserve for known risks.
    Contingency,
    /// Management reserve for unforeseen work.
    ManagementReserve,
    /// Contra account of budgets.
    Funding,
    /// Amounts of programs that are ordered, and neither received nor invoiced.
    Commitment,
    /// Amounts that programs have received and that are not invoiced yet.
    Accrual,
    /// Contra account of commitments and accruals.
    Encumbrance,
    /// Estimates at completion of programs.
    Forecast,
    /// Contra account of forecasts.
    Outlook,
}

impl LedgerAccount {
    /// Whether its balance belongs to a program; otherwise it belongs to the books as a whole.
    pub const fn is_of_programs(self) -> bool {
        !matches!(self, Self::Suspense | Self::Clearing | Self::Funding | Self::Encumbrance | Self::Outlook)
    }

    /// The contra account of budgets, commitments, accruals and forecasts.
    #[must_use]
    pub const fn other_side(self) -> Self {
        match self {
            Self::Commitment | Self::Accrual => Self::Encumbrance,
            Self::Forecast => Self::Outlook,
            _ => Self::Funding,
        }
    }
}
