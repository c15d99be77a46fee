//! Service accounts: issuing a client secret, which is returned once.

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

/// A service account with its new client secret.
#[answer(message = "IssueSecretServiceAccountResponse")]
pub struct IssuedSecret {
    /// The service account.
    pub service_account: Part<ServiceAccount>,
    /// `client_id` for the token endpoint: the id of the service account.
    pub client_id: String,
    /// The client secret. Returned once: absent from a replay and a dry run.
    pub client_secret: Option<String>,
}

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "issue_secret_service_account",
    path: "/v1/service-accounts/{id}/issue-secret",
    answer: AnswerDoc::of::<IssuedSecret>("The service account and its new secret, which is returned once."),
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
    /// Issues a client secret. Returns the account and, only the first time, the secret.
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
