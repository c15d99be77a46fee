//! Rows of the table of permissions, looked up by the compiler.

use crate::access::{Row, TABLE};

/// The row of an operation, found when the program is compiled; a missing one is a compile error.
///
/// # Panics
/// When the operation is not in the table, which stops the compiler.
pub const fn find(kind: &str, action: &str) -> &'static Row {
    match seek(kind, action) {
        Some(row) => row,
        #[expect(clippy::panic, reason = "evaluated by the compiler only: the operation is missing in the table")]
        None => panic!("this operation is not in the table of permissions"),
    }
}

const fn seek(kind: &str, action: &str) -> Option<&'static Row> {
    let mut i = 0;
    while i < TABLE.len() {
        if same(TABLE[i].kind, kind) && same(TABLE[i].action, action) {
            return Some(&TABLE[i]);
        }
        i += 1;
    }
    None
}

/// The rows of what is done with every kind; looked up by the compiler.
pub struct Rows {
    pub read: &'static Row,
    pub create: Option<&'static Row>,
    pub update: Option<&'static Row>,
    pub delete: Option<&'static Row>,
}

/// Kinds that no caller makes or deletes as such: the tenant is its operator's, batches are posted, reviews and payables
/// follow from claims.
const FIXED: [&str; 5] = ["organisation", "actuals_batch", "purchase_order_batch", "review", "payable"];

impl Rows {
    pub const fn of(kind: &str) -> Self {
        let (mut fixed, mut i) = (false, 0);
        while i < FIXED.len() {
            fixed = fixed || same(kind, FIXED[i]);
            i += 1;
        }
        Self {
            read: find(kind, "read"),
            create: if fixed { None } else { seek(kind, "create") },
            update: seek(kind, "update"),
            delete: if fixed { None } else { seek(kind, "delete") },
        }
    }
}

/// Whether two texts are the same, for the compiler.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
