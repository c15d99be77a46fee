//! A resource as one caller sees it.

use serde::ser::{Serialize, Serializer};

use crate::any_resource::AnyResource;
use crate::encode::{Encode, Encoder};
use crate::mask::Mask;

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
