//! Engagements over gRPC.

use steerco_domain::engagement::{
    ActivateEngagement, CompleteEngagement, Engagement, SuspendEngagement, TerminateEngagement,
};
use steerco_domain::{
    Error, activate_engagement_fields, complete_engagement_fields, engagement_fields, suspend_engagement_fields,
    terminate_engagement_fields,
};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::Call;
use super::macros::{resource_service, verb_wire};
use crate::rest::ocds::addresses;

engagement_fields!(resource_service verbs {
    activate_engagement ActivateEngagement, complete_engagement CompleteEngagement, suspend_engagement SuspendEngagement, terminate_engagement TerminateEngagement,
} others {
    async fn get_statement_of_account(
        &self,
        request: Request<pb::GetStatementOfAccountRequest>,
    ) -> Answer<pb::StatementOfAccount> {
        answer(request, |call, body| super::settlement::statement(&self.0, call, body)).await
    }
    async fn get_engagement_scorecard(&self, request: Request<pb::GetScorecardRequest>) -> Answer<pb::Scorecard> {
        answer(request, |call, body| super::settlement::of_engagement(&self.0, call, body)).await
    }
    async fn get_ocds_release_package(&self, request: Request<pb::GetOcdsPackageRequest>) -> Answer<pb::OcdsPackage> {
        answer(request, |call, body| ocds(&self.0, call, body, false)).await
    }
    async fn get_ocds_record_package(&self, request: Request<pb::GetOcdsPackageRequest>) -> Answer<pb::OcdsPackage> {
        answer(request, |call, body| ocds(&self.0, call, body, true)).await
    }
});
activate_engagement_fields!(verb_wire ActivateEngagementRequest);
complete_engagement_fields!(verb_wire CompleteEngagementRequest);
suspend_engagement_fields!(verb_wire SuspendEngagementRequest);
terminate_engagement_fields!(verb_wire TerminateEngagementRequest);

/// A package as its JSON.
async fn ocds(
    service: &Service,
    call: Call,
    body: pb::GetOcdsPackageRequest,
    record: bool,
) -> Result<Response<pb::OcdsPackage>, Error> {
    let process = service.ocds_process(&call.caller, &body.id).await?;
    let [releases, records] = addresses(service.issuer(), &body.id);
    let json = if record {
        serde_json::to_string(&process.record_package(&records, &releases))
    } else {
        serde_json::to_string(&process.release_package(&releases))
    };
    let json = json.map_err(|error| {
        tracing::error!(%error, "a package cannot be written as JSON");
        Error::internal()
    })?;
    Ok(Response::new(pb::OcdsPackage { json }))
}
