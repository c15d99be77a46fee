//! Service accounts: a client secret is issued and shown once.

use futures::future::BoxFuture;
use serde_json::Map;
use steerco_derive::answer;
use steerco_domain::input::read_input;
use steerco_domain::service_account::{IssueSecretServiceAccount, ServiceAccount};
use steerco_domain::{Error, Resource};
use steerco_persistence::Effect;

use crate::answer::Written;
use crate::args::Context;
use crate::operation::{AnswerDoc, Answered, Operation, Part};
use crate::service::Service;
use crate::token::digest;

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
    answer: AnswerDoc::of::<IssuedSecret>("The secret, shown once."),
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
    pub fn issue_secret<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
    ) -> BoxFuture<'a, Result<(Written, Option<String>), Error>> {
        Box::pin(async move {
            let id = &*self.id_of(ServiceAccount::KIND, &context.caller, id).await?;
            let secret = self.new_secret();
            let mut command = Self::command_to_act::<IssueSecretServiceAccount>(context, id, &Map::new())?;
            command.effects.push(Effect::Credential { account: id.to_owned(), hash: digest(&[&secret]) });
            let written = self.execute_one(context, command).await?;
            let shown = Some(secret).filter(|_| !written.replayed && !context.validate_only);
            Ok((written, shown))
        })
    }
}
