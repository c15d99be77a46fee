//! Rows of the table of permissions, looked up by the compiler.

use crate::access_table::{Row, TABLE};

/// The row of an operation, found when the program is compiled; a missing one is a compile error.
///
/// # Panics
/// When the operation is not in the table, which stops the compiler.
pub const fn find(kind: &str, action: &str) -> &'static Row {
    let mut i = 0;
    while i < TABLE.len() {
        if same(TABLE[i].kind, kind) && same(TABLE[i].action, action) {
            return &TABLE[i];
        }
        i += 1;
    }
    #[expect(clippy::panic, reason = "evaluated by the compiler only: the operation is missing in the table")]
    {
        panic!("this operation is not in the table of permissions")
    }
}

/// The rows of what is done with every kind; looked up by the compiler.
pub struct Rows {
    pub read: &'static Row,
    pub create: Option<&'static Row>,
    pub update: Option<&'static Row>,
    pub delete: Option<&'static Row>,
}

/// Kinds that no caller makes or deletes as such: the tenant is its operator's, batches are posted, reviews and payables
/// follow from claims, entries from what is posted.
const FIXED: [&str; 6] = ["organisation", "actuals_batch", "purchase_order_batch", "review", "payable", "ledger_entry"];

const fn is_fixed(kind: &str) -> bool {
    let mut i = 0;
    while i < FIXED.len() {
        if same(kind, FIXED[i]) {
            return true;
        }
        i += 1;
    }
    false
}

impl Rows {
    /// One that is missing is a compile error.
    pub const fn of(kind: &str) -> Self {
        let fixed = is_fixed(kind);
        // A claim is made, and then only withdrawn.
        let kept = fixed || same(kind, "milestone_update");
        Self {
            read: find(kind, "read"),
            create: if fixed { None } else { Some(find(kind, "create")) },
            update: if same(kind, "ledger_entry") { None } else { Some(find(kind, "update")) },
            delete: if kept { None } else { Some(find(kind, "delete")) },
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
