//! Principals: accounts at trusted issuers.

use steerco_derive::{input, resource, words};

use crate::error::Error;
use crate::id::Id;
use crate::person::Person;
use crate::resource::{Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// An account at a trusted issuer, linked to a person.
#[resource(prefix = "prin", plural = "principals", scope = "Administration", verbs(DisablePrincipal, EnablePrincipal))]
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
    /// Whether its tokens are accepted.
    #[field(filter)]
    pub state: AccountState,
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

impl Rules for Principal {}

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
