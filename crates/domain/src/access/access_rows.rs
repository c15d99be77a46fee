//! Rows of the table of permissions, looked up at compile time.

use crate::access_table::{Permission, TABLE};

/// The row of an operation, found at compile time. A missing row is a compile error.
///
/// # Panics
/// If the operation is not in the table; this happens at compile time only.
pub const fn find(kind: &str, action: &str) -> &'static Permission {
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

/// Operations that callers have on resources of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Create, update and delete.
    Whole,
    /// Create, and update a few fields.
    Posted,
    /// Read and update.
    Fixed,
    /// Read only.
    Record,
}

/// The rows of the standard operations of a kind; looked up at compile time.
pub struct Rows {
    pub read: &'static Permission,
    pub create: Option<&'static Permission>,
    pub update: Option<&'static Permission>,
    pub delete: Option<&'static Permission>,
}

impl Rows {
    /// A missing row is a compile error.
    pub const fn of(kind: &str, reach: Reach) -> Self {
        let (made, kept) = (matches!(reach, Reach::Whole | Reach::Posted), matches!(reach, Reach::Record));
        Self {
            read: find(kind, "read"),
            create: if made { Some(find(kind, "create")) } else { None },
            update: if kept { None } else { Some(find(kind, "update")) },
            delete: if matches!(reach, Reach::Whole) { Some(find(kind, "delete")) } else { None },
        }
    }
}

/// Compares two texts at compile time.
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
