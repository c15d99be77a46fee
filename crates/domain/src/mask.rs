//! Which fields of a resource a caller sees.

use serde::ser::{Serialize, Serializer};

use crate::any_resource::AnyResource;
use crate::encode::{Encode, Encoder};
use crate::resource::Kind;

/// A set of fields, by position in the declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(u128);

impl Mask {
    pub const ALL: Self = Self(u128::MAX);

    /// The fields for which `keep` holds.
    pub fn of(kind: &Kind, keep: impl Fn(&crate::field::FieldSpec) -> bool) -> Self {
        let bits = kind.fields.iter().enumerate().filter(|(_, f)| keep(f)).fold(0, |bits, (i, _)| bits | 1 << i);
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

/// A resource as one caller sees it.
pub struct View<'a> {
    pub resource: &'a dyn AnyResource,
    pub mask: Mask,
}

impl Encode for View<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&|members| self.resource.encode(self.mask, members));
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.resource.to_object(self.mask).serialize(serializer)
    }
}
