//! A resource as one caller sees it, as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::mask::Mask;
use crate::resource::Resource;

/// A resource as one caller sees it.
pub struct View<'a, R> {
    pub resource: &'a R,
    pub mask: Mask,
}

impl<R: Resource> Serialize for View<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.resource.write_fields(self.mask, &mut map)?;
        map.end()
    }
}
