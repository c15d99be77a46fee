//! Service accounts over gRPC.

use steerco_domain::Error;
use steerco_domain::service_account::{DisableServiceAccount, EnableServiceAccount, ServiceAccount};
use steerco_domain::{disable_service_account_fields, enable_service_account_fields, service_account_fields};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::Call;
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;

service_account_fields!(resource_wire);
service_account_fields!(resource_service verbs {
    disable_service_account DisableServiceAccount, enable_service_account EnableServiceAccount,
} others {
    async fn issue_secret_service_account(
        &self,
        request: Request<pb::IssueSecretServiceAccountRequest>,
    ) -> Answer<Issued> {
        answer(request, |call, body| issue_secret(&self.0, call, body)).await
    }
});
disable_service_account_fields!(verb_wire DisableServiceAccountRequest);
enable_service_account_fields!(verb_wire EnableServiceAccountRequest);

type Issued = pb::IssueSecretServiceAccountResponse;

async fn issue_secret(
    service: &Service,
    call: Call,
    body: pb::IssueSecretServiceAccountRequest,
) -> Result<Response<Issued>, Error> {
    let pb::IssueSecretServiceAccountRequest { id, validate_only } = body;
    let context = call.context(validate_only, None)?;
    let (account, client_secret) = service.issue_secret(&context, &id).await?;
    let client_id = account.seen.resource.id_text();
    let answer = |account| Issued { service_account: Some(account), client_id, client_secret };
    Ok(written::<ServiceAccount>(&account)?.map(answer))
}
