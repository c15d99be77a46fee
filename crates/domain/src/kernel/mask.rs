//! The fields of a resource that are visible to a caller.

use crate::field::FieldSpec;

/// A set of fields, by position in the declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(u128);

impl Mask {
    pub const ALL: Self = Self(u128::MAX);

    /// The fields for which `keep` returns true, in the order of the declaration.
    pub fn of(fields: &[FieldSpec], keep: impl Fn(&FieldSpec) -> bool) -> Self {
        let bits = fields.iter().enumerate().filter(|(_, f)| keep(f)).fold(0, |bits, (i, _)| bits | 1 << i);
        Self(bits)
    }

    pub const fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
