//! Implements [`AnyResource`] for declared resources.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::field::{Cells, Corrupt};
pub use crate::kind::Maker;
pub use crate::kind::{AnyBox, AnyResource};
use crate::resource::{Resource, Seed};

impl Maker {
    pub const fn of<R: Resource + AnyResource>() -> Self {
        Self { create: create::<R>, load: load::<R>, needs_etag: R::NEEDS_ETAG }
    }
}

fn create<R: Resource + AnyResource>(object: &Map<String, Value>, seed: &Seed) -> Result<AnyBox, Error> {
    Ok(Box::new(R::create(object, seed)?))
}

fn load<R: Resource + AnyResource>(cells: &mut Cells) -> Result<AnyBox, Corrupt> {
    Ok(Box::new(R::load(cells)?))
}

/// Implements `AnyResource` for a declared resource. A macro instead of a blanket implementation, so that each resource is
/// compiled here once and not in every crate that uses it.
macro_rules! any_resource {
    ($name:ty) => {
        const _: () = {
            use std::any::Any;

            use serde_json::{Map, Value};
            use $crate::actor::Actor;
            use $crate::any_resource::{AnyBox, AnyResource};
            use $crate::error::{Error, Fault};
            use $crate::field::{Cell, Cells, Corrupt};
            use $crate::mask::Mask;
            use $crate::progress::Standing;
            use $crate::resource::{Common, CommonMut, Kind, Place, Resource, Rules};
            use $crate::time::Instant;

            impl AnyResource for $name {
                fn kind(&self) -> &'static Kind {
                    <Self as Resource>::KIND
                }

                fn boxed(&self) -> AnyBox {
                    Box::new(self.clone())
                }

                fn is_same(&self, other: &dyn AnyResource) -> bool {
                    other.of::<Self>().is_some_and(|other| self == other)
                }

                fn patched(&self, object: &Map<String, Value>) -> Result<AnyBox, Error> {
                    Ok(Box::new(Resource::patched(self, object)?))
                }

                fn id_text(&self) -> String {
                    Resource::id_text(self)
                }

                fn common(&self) -> Common<'_> {
                    Resource::common(self)
                }

                fn common_mut(&mut self) -> CommonMut<'_> {
                    Resource::common_mut(self)
                }

                fn store(&self, out: &mut Vec<Cell>) {
                    Resource::store(self, out);
                }

                fn changed_since(&self, before: &dyn AnyResource) -> Vec<&'static str> {
                    before.of().map(|before| Resource::changed_since(self, before)).unwrap_or_default()
                }

                fn encode(&self, mask: Mask, to: &mut dyn $crate::encode::MemberEncoder) {
                    Resource::encode(self, mask, to);
                }

                fn inherit(&mut self, field: &str, cells: &mut Cells) -> Result<(), Corrupt> {
                    Resource::inherit(self, field, cells)
                }

                fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String)) {
                    Resource::references(self, visit);
                }

                fn stamp(&mut self, at: Instant) {
                    Rules::stamp(self, at);
                }

                fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
                    Rules::derive_and_check(self, faults);
                }

                fn check_delete(&self) -> Result<(), Error> {
                    Rules::check_delete(self)
                }

                fn standing(&self) -> Option<Standing> {
                    Rules::standing(self)
                }

                fn holder(&self) -> Option<String> {
                    Rules::holder(self)
                }

                fn context_of(&self) -> Option<(&'static str, String)> {
                    Rules::context_of(self)
                }

                fn take_context(&mut self, from: &dyn Any, faults: &mut Vec<Fault>) {
                    Rules::take_context(self, from, faults);
                }

                fn subject(&self) -> Option<(&'static Kind, &str)> {
                    Rules::subject(self)
                }

                fn set_place(&mut self, at: &Place) {
                    Rules::set_place(self, at);
                }

                fn author(&self) -> Option<&Actor> {
                    Rules::author(self)
                }

                fn place(&self) -> Place {
                    Rules::place(self)
                }
            }
        };
    };
}
pub(crate) use any_resource;
