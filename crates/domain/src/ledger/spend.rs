//! Capital and operating expenditure.

use steerco_derive::words;

/// What a cost is to the balance sheet.
#[words]
pub enum Spend {
    /// Capital expenditure: it becomes an asset.
    Capex,
    /// Operating expenditure: it is spent.
    Opex,
}
