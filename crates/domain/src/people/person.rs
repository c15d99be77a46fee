//! Persons.

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::error::{Error, Fault};
use crate::id::Id;
use crate::resource::{Acting, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// A person who acts in the system, or owns or is accountable for something.
#[resource(
    prefix = "pers",
    plural = "persons",
    scope = "Organisation",
    verbs(DisablePerson, EnablePerson, ErasePerson)
)]
pub struct Person {
    /// Full name. Absent after erasure.
    #[field(write, filter, personal, required)]
    pub name: Option<Text<200>>,
    /// Email address. Absent after erasure.
    #[field(write, filter, personal)]
    pub email: Option<Text<254>>,
    /// Job title, such as `Program manager`.
    #[field(write, filter, personal)]
    pub title: Option<Text<200>>,
    /// Person that this person reports to.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Whether the person may act in the system.
    #[field(filter)]
    pub state: PersonState,
}

/// Whether a person may act in the system.
#[words(states)]
#[derive(Default)]
pub enum PersonState {
    /// May act within the grants of the person.
    #[default]
    Active,
    /// May not act. Every token is rejected immediately.
    Disabled,
    /// Personal data was erased; the id remains.
    Erased,
}

impl States for PersonState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Disabled, Self::Erased]), (Self::Disabled, &[Self::Active, Self::Erased])];
}

impl Rules for Person {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.name.is_none() && self.state != PersonState::Erased {
            faults.push(Fault::new("/name", "REQUIRED", "is required"));
        }
        if self.email.as_ref().is_some_and(|email| !email.as_str().contains('@')) {
            faults.push(Fault::new("/email", "BAD_EMAIL", "must be an email address such as ada@example.org"));
        }
        if self.state == PersonState::Erased && (self.name.is_some() || self.email.is_some() || self.title.is_some()) {
            faults.push(Fault::new("/name", "ERASED", "personal data of an erased person cannot be set again"));
        }
    }
}

/// Disable a person immediately, including in every open stream.
#[input]
pub struct DisablePerson {}

impl Verb for DisablePerson {
    type On = Person;
    const NAME: &'static str = "disable";
    fn decide(&self, person: &mut Person, _now: Instant) -> Result<(), Error> {
        person.state.go(PersonState::Disabled)
    }
}

/// Enable a disabled person again.
#[input]
pub struct EnablePerson {}

impl Verb for EnablePerson {
    type On = Person;
    const NAME: &'static str = "enable";
    fn decide(&self, person: &mut Person, _now: Instant) -> Result<(), Error> {
        person.state.go(PersonState::Active)
    }
}

/// Erase the personal data of a person everywhere, including history. Cannot be undone.
#[input]
pub struct ErasePerson {}

impl Verb for ErasePerson {
    type On = Person;
    const NAME: &'static str = "erase";
    fn decide(&self, person: &mut Person, _now: Instant) -> Result<(), Error> {
        person.state.go(PersonState::Erased)?;
        (person.name, person.email, person.title) = (None, None, None);
        Ok(())
    }
}

impl Acting {
    /// `speaks` is true if the person acts in person, and not through someone else.
    pub fn new(now: Instant, actor: Actor, speaks: bool) -> Self {
        let person = Id::<Person>::parse(&actor.0).ok().filter(|_| speaks).map(Id::as_u128);
        Self { now, actor, person }
    }

    /// Person who acts.
    pub fn person(&self) -> Option<Id<Person>> {
        self.person.map(Id::from_u128)
    }

    /// Person who acts, or a `Forbidden` error with this detail.
    pub fn need_person(&self, otherwise: &str) -> Result<Id<Person>, Error> {
        self.person().ok_or_else(|| Error::new(crate::error::Reason::Forbidden, otherwise))
    }
}
