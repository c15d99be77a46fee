//! The paths of people.

use steerco_domain::person::{DisablePerson, EnablePerson, ErasePerson, Person};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Person>().verb::<DisablePerson>().verb::<EnablePerson>().verb::<ErasePerson>().done()
}
