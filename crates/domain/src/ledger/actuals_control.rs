//! What the lines of a batch of actuals came to, and what they are said to come to.

use steerco_derive::{input, words};

use crate::field::Whole;
use crate::money::{Amount, Currency};

/// What became of a line.
#[words]
pub enum ActualsStatus {
    /// Posted to a program.
    Posted,
    /// Sent before with the same content; nothing was done.
    Duplicate,
    /// Sent before with other content: that was reversed and this posted.
    Corrected,
    /// Posted to suspense, because nothing maps its cost code.
    Suspense,
    /// Not posted.
    Rejected,
}

/// Lines of a batch with one end.
#[input(value)]
pub struct ActualsOutcome {
    /// What became of them.
    pub status: ActualsStatus,
    /// How many.
    pub count: i32,
    /// Their sums, one a currency.
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

/// What a finance system says its lines come to.
#[input(value)]
pub struct ActualsControl {
    /// How many lines.
    pub count: Whole<0, 1_000_000>,
    /// Their sums, one a currency.
    pub totals: Vec<ControlTotal>,
    /// Sums of what the lines have in the currency of the books; checked where they are given.
    pub local_totals: Vec<ControlTotal>,
    /// Sums of what the lines have in the currency of the group; checked where they are given.
    pub group_totals: Vec<ControlTotal>,
}

/// The sum of the lines in a currency.
#[input(value)]
pub struct ControlTotal {
    /// The net sum: debits less credits.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// Sum of the lines above zero; checked where it is given.
    pub debits: Option<Amount>,
    /// Sum of the lines below zero, as a positive number; checked where it is given.
    pub credits: Option<Amount>,
}
