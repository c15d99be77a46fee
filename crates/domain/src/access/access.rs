//! Who may do what: the one table of permissions, its rows looked up by the compiler, and whose hands a field is in.

use serde::Serialize;

pub use crate::access_rows::{Rows, find};
pub use crate::access_table::{Permission, Right, Role, TABLE};
use crate::field::{FieldSpec, Setter};
use crate::resource::Kind;

/// Which fields of a kind its callers set, and which are hidden from partners. What is in neither list of what is set, the
/// service sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindFields {
    pub kind: &'static str,
    /// Set at creation, and never after.
    pub create_fields: Vec<&'static str>,
    /// Set at creation and later.
    pub write_fields: Vec<&'static str>,
    /// Hidden from partners, who do not set them either.
    pub private_fields: Vec<&'static str>,
}

impl KindFields {
    /// Those of every kind.
    pub fn all() -> Vec<Self> {
        crate::KINDS.iter().chain(crate::RECORDS).map(|kind| Self::of(kind)).collect()
    }

    fn of(kind: &Kind) -> Self {
        let names = |keep: &dyn Fn(&FieldSpec) -> bool| {
            kind.fields.iter().filter(|field| keep(field)).map(|field| field.name).collect()
        };
        Self {
            kind: kind.name,
            create_fields: names(&|field| field.setter == Setter::Create),
            write_fields: names(&|field| field.setter == Setter::Write),
            private_fields: names(&|field| field.private),
        }
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
