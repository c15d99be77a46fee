//! A resource whose kind is known only when the program runs.

use std::any::Any;

use serde_json::{Map, Value};

use crate::actor::Actor;
use crate::encode::{Encoder, Json};
use crate::error::{Error, Fault};
use crate::field::{Cell, Cells, Corrupt};
use crate::mask::Mask;
use crate::progress::Standing;
use crate::resource::{Common, CommonMut, Kind, Place, Resource, Seed};
use crate::time::Instant;

/// One that is owned.
pub type AnyBox = Box<dyn AnyResource>;

/// What makes resources of a kind.
pub struct Maker {
    /// A new one from a request.
    pub create: fn(&Map<String, Value>, &Seed) -> Result<AnyBox, Error>,
    /// One from its cells.
    pub load: fn(&mut Cells) -> Result<AnyBox, Corrupt>,
    /// Whether changes and acts are refused without `If-Match`.
    pub needs_etag: bool,
}

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

/// A resource of whatever kind. What is the same for all is written on this, and so compiled once and not for each kind
/// anew.
pub trait AnyResource: Any + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn boxed(&self) -> AnyBox;
    /// Whether it is another of its own kind, and the same in everything.
    fn is_same(&self, other: &dyn AnyResource) -> bool;
    fn patched(&self, object: &Map<String, Value>) -> Result<AnyBox, Error>;
    fn id_text(&self) -> String;
    fn common(&self) -> Common<'_>;
    fn common_mut(&mut self) -> CommonMut<'_>;
    fn store(&self, out: &mut Vec<Cell>);
    /// Against another of its own kind.
    fn changed_since(&self, before: &dyn AnyResource) -> Vec<&'static str>;
    /// Encodes the fields of the mask that are present.
    fn encode(&self, mask: Mask, to: &mut dyn crate::encode::MemberEncoder);
    fn inherit(&mut self, field: &str, cells: &mut Cells) -> Result<(), Corrupt>;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String));
    fn stamp(&mut self, at: Instant);
    fn settle(&mut self, faults: &mut Vec<Fault>);
    fn check_delete(&self) -> Result<(), Error>;
    fn standing(&self) -> Option<Standing>;
    fn holder(&self) -> Option<String>;
    fn consults(&self) -> Option<(&'static str, String)>;
    fn learn(&mut self, from: &dyn Any, faults: &mut Vec<Fault>);
    fn subject(&self) -> Option<(&'static Kind, &str)>;
    fn seat(&mut self, at: &Place);
    fn author(&self) -> Option<&Actor>;
    fn place(&self) -> Place;
}

impl dyn AnyResource {
    /// This, if it is of that kind.
    pub fn of<R: Resource>(&self) -> Option<&R> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    pub fn of_mut<R: Resource>(&mut self) -> Option<&mut R> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }

    /// The fields of the mask, as JSON that follows what is written already.
    pub fn write_json(&self, mask: Mask, out: &mut Vec<u8>) {
        Json(out).object(&|members| self.encode(mask, members));
    }

    /// The same as a value.
    pub fn to_object(&self, mask: Mask) -> Map<String, Value> {
        let mut object = Map::new();
        self.encode(mask, &mut object);
        object
    }

    /// The fields of the mask as JSON.
    pub fn json(&self, mask: Mask) -> String {
        let mut json = Vec::with_capacity(1_000);
        self.write_json(mask, &mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// The resource that this is: to ask for one of another kind is a fault of this program.
    pub fn typed<R: Resource>(self: Box<Self>) -> Result<R, Error> {
        let any: Box<dyn Any> = self;
        any.downcast().map(|found| *found).map_err(|_| Error::internal())
    }
}

impl Clone for AnyBox {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

impl std::fmt::Debug for dyn AnyResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id_text())
    }
}

/// Makes a declared resource one of any kind; not for all at once, so that each is compiled here and not anew in every
/// crate that takes one for any.
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

                fn settle(&mut self, faults: &mut Vec<Fault>) {
                    Rules::settle(self, faults);
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

                fn consults(&self) -> Option<(&'static str, String)> {
                    Rules::consults(self)
                }

                fn learn(&mut self, from: &dyn Any, faults: &mut Vec<Fault>) {
                    Rules::learn(self, from, faults);
                }

                fn subject(&self) -> Option<(&'static Kind, &str)> {
                    Rules::subject(self)
                }

                fn seat(&mut self, at: &Place) {
                    Rules::seat(self, at);
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
