//! Capital and operating expenditure.

use steerco_derive::words;

/// Spend type of a cost.
#[words]
pub enum Spend {
    /// Capital expenditure: capitalised as an asset.
    Capex,
    /// Operating expenditure: expensed.
    Opex,
}
