//! Functional areas: the parts of the organisation that problems and people belong to.

use steerco_derive::resource;

use crate::error::Fault;
use crate::id::Id;
use crate::person::Person;
use crate::resource::Rules;
use crate::text::{Code, Text};

/// A part of the organisation, such as procurement or civil works.
#[resource(prefix = "area", plural = "functional_areas", scope = "Organisation")]
pub struct FunctionalArea {
    /// Short handle.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Who leads it.
    #[field(write, filter)]
    pub lead_id: Option<Id<Person>>,
    /// The area it is a part of; none may be a part of itself, over however many steps.
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
