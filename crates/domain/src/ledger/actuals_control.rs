//! Sums of the lines of a batch of actuals, and control totals.

use steerco_derive::{input, words};

use crate::field::Whole;
use crate::money::{Amount, Currency};

/// Outcome of a line.
#[words]
pub enum ActualsStatus {
    /// Posted to a program.
    Posted,
    /// Sent before with the same content; nothing was posted.
    Duplicate,
    /// Sent before with other content; the earlier entry was reversed and this line was posted.
    Corrected,
    /// Posted to suspense, because no coding rule maps its cost code.
    Suspense,
    /// Not posted.
    Rejected,
}

/// Lines of a batch with the same outcome.
#[input(value)]
pub struct ActualsOutcome {
    /// Outcome.
    pub status: ActualsStatus,
    /// Number of lines.
    pub count: i32,
    /// Their sums, one per currency.
    pub totals: Vec<CurrencyTotal>,
}

/// A sum in a currency.
#[input(value)]
pub struct CurrencyTotal {
    /// The sum, up to four decimals; negative for a credit.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
}

/// Control totals of a finance system.
#[input(value)]
pub struct ActualsControl {
    /// Number of lines.
    pub count: Whole<0, 1_000_000>,
    /// Sums of the amounts, one per currency.
    pub totals: Vec<ControlTotal>,
    /// Sums in the currency of the books; checked where given.
    pub local_totals: Vec<ControlTotal>,
    /// Sums in the currency of the group; checked where given.
    pub group_totals: Vec<ControlTotal>,
}

/// The sum of the lines in a currency.
#[input(value)]
pub struct ControlTotal {
    /// The net sum: debits less credits.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// Sum of the lines above zero; checked where given.
    pub debits: Option<Amount>,
    /// Sum of the lines below zero, as a positive number; checked where given.
    pub credits: Option<Amount>,
}
