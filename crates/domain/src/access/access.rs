//! Access: the table of permissions, its rows (looked up at compile time), and which fields of a kind callers set.

use serde::Serialize;

pub use crate::access_rows::{Rows, find};
pub use crate::access_table::{Permission, Right, Role, TABLE};
use crate::field::{FieldSpec, Setter};
use crate::resource::Kind;

/// Fields of a kind that callers set, and fields that are hidden from partners. All other fields are set by the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindFields {
    pub kind: &'static str,
    /// Set at creation only.
    pub create_fields: Vec<&'static str>,
    /// Set at creation and later.
    pub write_fields: Vec<&'static str>,
    /// Hidden from partners, who cannot set them either.
    pub private_fields: Vec<&'static str>,
}

impl KindFields {
    /// The fields of every kind.
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
