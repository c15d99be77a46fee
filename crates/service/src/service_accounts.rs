//! The secrets of service accounts.

use futures::future::BoxFuture;
use serde_json::Map;
use steerco_domain::service_account::{IssueSecretServiceAccount, ServiceAccount};
use steerco_domain::{Error, Resource};
use steerco_persistence::Effect;

use crate::answer::Written;
use crate::args::Context;
use crate::service::Service;
use crate::token::digest;

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
