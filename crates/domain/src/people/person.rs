//! People.

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::error::{Error, Fault};
use crate::id::Id;
use crate::resource::{Acting, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// A person who acts, owns or is accountable.
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
    /// Mail address. Absent after erasure.
    #[field(write, filter, personal)]
    pub email: Option<Text<254>>,
    /// Position, such as `Program manager`.
    #[field(write, filter, personal)]
    pub title: Option<Text<200>>,
    /// The person this one reports to.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Whether the person may act.
    #[field(filter)]
    pub state: PersonState,
}

/// Whether a person may act.
#[words(states)]
#[derive(Default)]
pub enum PersonState {
    /// May act within the grants held.
    #[default]
    Active,
    /// May not act; every token is refused at once.
    Disabled,
    /// Personal data was erased; the id stays.
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
            faults.push(Fault::new("/email", "BAD_EMAIL", "must be a mail address like ada@example.org"));
        }
        if self.state == PersonState::Erased && (self.name.is_some() || self.email.is_some() || self.title.is_some()) {
            faults.push(Fault::new("/name", "ERASED", "personal data of an erased person cannot be set again"));
        }
    }
}

/// Stops a person from acting, at once and in every open stream.
#[input]
pub struct DisablePerson {}

impl Verb for DisablePerson {
    type On = Person;
    const NAME: &'static str = "disable";
    fn decide(&self, person: &mut Person, _now: Instant) -> Result<(), Error> {
        person.state.go(PersonState::Disabled)
    }
}

/// Lets a disabled person act again.
#[input]
pub struct EnablePerson {}

impl Verb for EnablePerson {
    type On = Person;
    const NAME: &'static str = "enable";
    fn decide(&self, person: &mut Person, _now: Instant) -> Result<(), Error> {
        person.state.go(PersonState::Active)
    }
}

/// Erases the personal data of a person everywhere, history included. Cannot be undone.
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
    /// `speaks`: whether what the actor does is done by the person itself.
    pub fn new(now: Instant, actor: Actor, speaks: bool) -> Self {
        let person = Id::<Person>::parse(&actor.0).ok().filter(|_| speaks).map(Id::as_u128);
        Self { now, actor, person }
    }

    /// The person who acts.
    pub fn person(&self) -> Option<Id<Person>> {
        self.person.map(Id::from_u128)
    }

    /// The person who acts, where only a person may.
    pub fn need_person(&self, otherwise: &str) -> Result<Id<Person>, Error> {
        self.person().ok_or_else(|| Error::new(crate::error::Reason::Forbidden, otherwise))
    }
}
