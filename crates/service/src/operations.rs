//! The one list of the operations beside those that every resource has.

use crate::operation::Operation;
use crate::{consumers, digest};

/// By the files in which they stand.
static ALL: &[&[Operation]] = &[consumers::OPERATIONS, digest::OPERATIONS];

/// All of them.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    ALL.iter().flat_map(|operations| operations.iter())
}
