//! Service accounts: tools that call the API without a person.

use steerco_derive::{input, resource};

use crate::error::Error;
use crate::id::Id;
use crate::principal::AccountState;
use crate::resource::{Rules, Verb};
use crate::source::Source;
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// A tool with client credentials. Its id is its `client_id`. Its grants define its permissions.
#[resource(
    prefix = "sacc",
    plural = "service_accounts",
    scope = "Administration",
    verbs(DisableServiceAccount, EnableServiceAccount, IssueSecretServiceAccount)
)]
pub struct ServiceAccount {
    /// Name, shown in the log next to its id.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Sources under which it may write.
    #[field(write)]
    pub source_ids: Vec<Id<Source>>,
    /// Whether its tokens are accepted.
    #[field(filter)]
    pub state: AccountState,
    /// Time at which its secret was last issued (UTC). The secret is shown once and stored only as a hash.
    #[field(filter)]
    pub secret_issued_at: Option<Instant>,
}

impl Rules for ServiceAccount {}

/// Disable a service account: its tokens and its secret are rejected from now on.
#[input]
pub struct DisableServiceAccount {}

impl Verb for DisableServiceAccount {
    type On = ServiceAccount;
    const NAME: &'static str = "disable";
    fn decide(&self, account: &mut ServiceAccount, _now: Instant) -> Result<(), Error> {
        account.state.go(AccountState::Disabled)
    }
}

/// Enable a disabled service account again.
#[input]
pub struct EnableServiceAccount {}

impl Verb for EnableServiceAccount {
    type On = ServiceAccount;
    const NAME: &'static str = "enable";
    fn decide(&self, account: &mut ServiceAccount, _now: Instant) -> Result<(), Error> {
        account.state.go(AccountState::Active)
    }
}

/// Issue a new client secret. The response shows it once; the previous secret stops working.
#[input]
pub struct IssueSecretServiceAccount {}

impl Verb for IssueSecretServiceAccount {
    type On = ServiceAccount;
    const NAME: &'static str = "issue_secret";
    const ALWAYS_LOGGED: bool = true;
    fn decide(&self, account: &mut ServiceAccount, now: Instant) -> Result<(), Error> {
        account.secret_issued_at = Some(now);
        Ok(())
    }
}
