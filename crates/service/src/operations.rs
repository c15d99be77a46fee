//! The one list of the operations beside those that every resource has.

use crate::operation::Operation;
use crate::{accruals, bridge, consumers, digest, financials, progress, reconciliation};

/// By the files in which they stand.
static ALL: &[&[Operation]] = &[
    progress::OPERATIONS,
    bridge::OPERATIONS,
    financials::OPERATIONS,
    accruals::OPERATIONS,
    reconciliation::OPERATIONS,
    consumers::OPERATIONS,
    digest::OPERATIONS,
];

/// All of them.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    ALL.iter().flat_map(|operations| operations.iter())
}
