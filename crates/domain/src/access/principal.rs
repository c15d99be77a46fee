//! Principals: accounts at trusted issuers.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault, Reason};
use crate::id::Id;

use crate::person::Person;
use crate::resource::{Acting, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// An account at a trusted issuer, linked to a person. Its tokens are accepted once a second person has confirmed the link, so
/// that nobody can alone make an account that acts as somebody else. A link to oneself needs no confirmation.
#[resource(
    prefix = "prin",
    plural = "principals",
    scope = "Administration",
    verbs(ConfirmPrincipal, DisablePrincipal, EnablePrincipal)
)]
pub struct Principal {
    /// Person who acts through this account.
    #[field(create, filter, parent)]
    pub person_id: Id<Person>,
    /// Issuer, exactly as in the claim `iss` of its tokens.
    #[field(create, filter)]
    pub issuer: Text<200>,
    /// Subject, exactly as in the claim `sub` of its tokens; unique per issuer.
    #[field(create, filter)]
    pub subject: Text<200>,
    /// Whether its tokens are accepted, once it is confirmed.
    #[field(filter)]
    pub state: AccountState,
    /// Time since which the link waits for the confirmation of another person (UTC); absent once it is confirmed. Until then
    /// tokens of the account are rejected.
    #[field(filter)]
    pub unconfirmed_since: Option<Instant>,
    /// Person who confirmed the link.
    #[field(filter)]
    pub confirmed_by: Option<Id<Person>>,
    /// Time of the confirmation (UTC).
    #[field(filter)]
    pub confirmed_at: Option<Instant>,
}

/// Whether tokens of an account are accepted.
#[words(states)]
#[derive(Default)]
pub enum AccountState {
    /// Tokens are accepted.
    #[default]
    Active,
    /// Tokens are rejected immediately, including in every open stream.
    Disabled,
}

impl States for AccountState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Disabled]), (Self::Disabled, &[Self::Active])];
}

impl Rules for Principal {
    fn carry(&mut self, before: Option<&Self>, _faults: &mut Vec<Fault>) {
        if before.is_none() && self.created_by.0 != self.person_id.to_string() {
            self.unconfirmed_since = Some(self.created_at);
        }
    }
}

/// Confirm that the account belongs to the person. The confirming person must not be the one who linked it.
#[input]
pub struct ConfirmPrincipal {}

impl Verb for ConfirmPrincipal {
    type On = Principal;
    const NAME: &'static str = "confirm";
    fn decide_by(&self, principal: &mut Principal, acting: &Acting) -> Result<(), Error> {
        if principal.unconfirmed_since.is_none() {
            return Err(Error::new(Reason::WrongState, "the account is confirmed already"));
        }
        // Tokens made by an operator are accepted here: in an installation with one person, the operator is the second.
        let forbidden = |detail| Err(Error::new(Reason::Forbidden, detail));
        let Ok(person) = Id::parse(&acting.actor.0) else {
            return forbidden("an account must be confirmed by a person");
        };
        if acting.actor == principal.created_by {
            return forbidden("an account must be confirmed by another person than the one who linked it");
        }
        principal.unconfirmed_since = None;
        principal.confirmed_by = Some(person);
        principal.confirmed_at = Some(acting.now);
        Ok(())
    }
}

/// Disable an account: its tokens are rejected from now on.
#[input]
pub struct DisablePrincipal {}

impl Verb for DisablePrincipal {
    type On = Principal;
    const NAME: &'static str = "disable";
    fn decide(&self, principal: &mut Principal, _now: Instant) -> Result<(), Error> {
        principal.state.go(AccountState::Disabled)
    }
}

/// Enable an account: its tokens are accepted again.
#[input]
pub struct EnablePrincipal {}

impl Verb for EnablePrincipal {
    type On = Principal;
    const NAME: &'static str = "enable";
    fn decide(&self, principal: &mut Principal, _now: Instant) -> Result<(), Error> {
        principal.state.go(AccountState::Active)
    }
}
