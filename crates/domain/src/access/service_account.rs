//! Tools that call by themselves.

use steerco_derive::{input, resource};

use crate::error::Error;
use crate::id::Id;
use crate::principal::AccountState;
use crate::resource::{Rules, Verb};
use crate::source::Source;
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// A tool with client credentials. Its id is its `client_id`; grants say what it may do.
#[resource(
    prefix = "sacc",
    plural = "service_accounts",
    scope = "Administration",
    verbs(DisableServiceAccount, EnableServiceAccount, IssueSecretServiceAccount)
)]
pub struct ServiceAccount {
    /// Name, shown in the log beside its id.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Sources it may write under.
    #[field(write)]
    pub source_ids: Vec<Id<Source>>,
    /// Whether its tokens are accepted.
    #[field(filter)]
    pub state: AccountState,
    /// When its secret was last issued; the secret itself is shown once and stored only hashed.
    #[field(filter)]
    pub secret_issued_at: Option<Instant>,
}

impl Rules for ServiceAccount {}

/// Refuses the tokens and the secret of this account from now on.
#[input]
pub struct DisableServiceAccount {}

impl Verb for DisableServiceAccount {
    type On = ServiceAccount;
    const NAME: &'static str = "disable";
    fn decide(&self, account: &mut ServiceAccount, _now: Instant) -> Result<(), Error> {
        account.state.go(AccountState::Disabled)
    }
}

/// Accepts the account again.
#[input]
pub struct EnableServiceAccount {}

impl Verb for EnableServiceAccount {
    type On = ServiceAccount;
    const NAME: &'static str = "enable";
    fn decide(&self, account: &mut ServiceAccount, _now: Instant) -> Result<(), Error> {
        account.state.go(AccountState::Active)
    }
}

/// Issues a new client secret. The answer shows it once; the one before stops working.
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
