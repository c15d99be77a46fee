//! The accounts of the ledger.

use steerco_derive::words;

/// An account of the ledger.
#[words]
pub enum LedgerAccount {
    /// Costs of programs.
    Cost,
    /// Costs whose cost code nothing maps yet.
    Suspense,
    /// What finance systems have sent: the other side of every cost.
    Clearing,
    /// What programs may spend.
    Budget,
    /// What is held in reserve for known risks.
    Contingency,
    /// What is held in reserve for what nobody foresaw.
    ManagementReserve,
    /// What was approved: the other side of every budget.
    Funding,
    /// What is ordered of programs, and neither received nor invoiced.
    Commitment,
    /// What programs have received, and what is not invoiced yet.
    Accrual,
    /// What was ordered: the other side of every commitment and accrual.
    Encumbrance,
    /// What programs will have cost in the end, as they forecast it.
    Forecast,
    /// What was forecast: the other side of every forecast.
    Outlook,
}

impl LedgerAccount {
    /// Whether what stands in it belongs to a program; otherwise it belongs to the books as a whole.
    pub const fn is_of_programs(self) -> bool {
        !matches!(self, Self::Suspense | Self::Clearing | Self::Funding | Self::Encumbrance | Self::Outlook)
    }

    /// The account on the other side of what is decided here.
    #[must_use]
    pub const fn other_side(self) -> Self {
        match self {
            Self::Commitment | Self::Accrual => Self::Encumbrance,
            Self::Forecast => Self::Outlook,
            _ => Self::Funding,
        }
    }
}
