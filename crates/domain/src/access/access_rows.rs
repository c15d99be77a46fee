//! Rows of the table of permissions, looked up by the compiler.

use crate::access_table::{Permission, TABLE};

/// The row of an operation, found when the program is compiled; a missing one is a compile error.
///
/// # Panics
/// When the operation is not in the table, which stops the compiler.
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

/// What callers do with resources of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They create, change and delete them.
    Whole,
    /// They create them and change small things of them.
    Posted,
    /// They read and change them.
    Fixed,
    /// They read them.
    Record,
}

/// The rows of what is done with every kind; looked up by the compiler.
pub struct Rows {
    pub read: &'static Permission,
    pub create: Option<&'static Permission>,
    pub update: Option<&'static Permission>,
    pub delete: Option<&'static Permission>,
}

impl Rows {
    /// One that is missing is a compile error.
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
