//! Functional areas: parts of the organisation that problems and people belong to.

use steerco_derive::resource;

use crate::error::Fault;
use crate::id::Id;
use crate::person::Person;
use crate::resource::Rules;
use crate::text::{Code, Text};

/// A part of the organisation, such as procurement or civil works.
#[resource(prefix = "area", plural = "functional_areas", scope = "Organisation")]
pub struct FunctionalArea {
    /// Short unique code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Person who leads it.
    #[field(write, filter)]
    pub lead_id: Option<Id<Person>>,
    /// Parent area. An area cannot be a part of itself, directly or through its parents.
    #[field(write, filter, parent)]
    pub parent_id: Option<Id<FunctionalArea>>,
}

impl Rules for FunctionalArea {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.parent_id == Some(self.id) {
            faults.push(Fault::new("/parent_id", "CYCLE", "an area cannot be a part of itself"));
        }
    }
}
