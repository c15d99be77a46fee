//! Service accounts: a client secret is issued and shown once.

use serde_json::Map;
use steerco_derive::answer;
use steerco_domain::input::read_input;
use steerco_domain::service_account::{IssueSecretServiceAccount, ServiceAccount};
use steerco_domain::{Error, Resource};

use crate::operation::{Answered, Operation, Part, Told};
use crate::token::digest;
use crate::{Context, Service, Written};

/// A service account with its new secret.
#[answer(message = "IssueSecretServiceAccountResponse")]
pub struct IssuedSecret {
    /// The account.
    pub service_account: Part<ServiceAccount>,
    /// What to name as `client_id` at the token endpoint: the id of the account.
    pub client_id: String,
    /// Shown once: absent from a replay and a dry run.
    pub client_secret: Option<String>,
}

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "issue_secret_service_account",
    path: "/v1/service-accounts/{id}/issue-secret",
    answer: Told::of::<IssuedSecret>("The secret, shown once."),
    ..Operation::act::<IssueSecretServiceAccount>(|service, context, mut arguments| {
        Box::pin(async move {
            let id = arguments.id();
            read_input::<IssueSecretServiceAccount>(&arguments.body())?;
            let (written, client_secret) = service.issue_secret(&context, &id).await?;
            let client_id = written.seen.resource.id_text();
            Answered::secret(written, |service_account| {
                Box::new(IssuedSecret { service_account, client_id, client_secret })
            })
        })
    })
}];

impl Service {
    /// Issues a client secret: the account, and the secret where it is shown for the first and only time.
    pub async fn issue_secret(&self, context: &Context, id: &str) -> Result<(Written, Option<String>), Error> {
        let id = &*self.id_of(ServiceAccount::KIND, &context.caller, id).await?;
        let secret = self.new_secret();
        let mut wish = Self::wish_act::<IssueSecretServiceAccount>(context, id, &Map::new())?;
        wish.secret = Some((id.to_owned(), digest(&[&secret])));
        let written = self.execute_one(context, wish).await?;
        let shown = Some(secret).filter(|_| !written.replayed && !context.validate_only);
        Ok((written, shown))
    }
}
