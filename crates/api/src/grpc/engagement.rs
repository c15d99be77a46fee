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

use super::call::{Call, given};
use super::macros::{resource_service, verb_wire};
use crate::rest::ocds::{record_of, records, releases, releases_of};

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
    async fn list_ocds_releases(&self, request: Request<pb::ListOcdsPackageRequest>) -> Answer<pb::OcdsPackage> {
        answer(request, |call, body| all_ocds(&self.0, call, body, false)).await
    }
    async fn list_ocds_records(&self, request: Request<pb::ListOcdsPackageRequest>) -> Answer<pb::OcdsPackage> {
        answer(request, |call, body| all_ocds(&self.0, call, body, true)).await
    }
});
activate_engagement_fields!(verb_wire ActivateEngagementRequest);
complete_engagement_fields!(verb_wire CompleteEngagementRequest);
suspend_engagement_fields!(verb_wire SuspendEngagementRequest);
terminate_engagement_fields!(verb_wire TerminateEngagementRequest);

/// A package of one engagement as its JSON.
async fn ocds(
    service: &Service,
    call: Call,
    body: pb::GetOcdsPackageRequest,
    record: bool,
) -> Result<Response<pb::OcdsPackage>, Error> {
    let process = [service.ocds_process(&call.caller, &body.id).await?];
    let base = service.issuer();
    if record { packed(&record_of(base, &process)?) } else { packed(&releases_of(base, &process)?) }
}

/// A package of several as its JSON.
async fn all_ocds(
    service: &Service,
    call: Call,
    body: pb::ListOcdsPackageRequest,
    record: bool,
) -> Result<Response<pb::OcdsPackage>, Error> {
    let filter = given(body.filter);
    let processes = service.ocds_processes(&call.caller, filter.as_deref()).await?;
    let (base, filter) = (service.issuer(), filter.as_deref());
    if record { packed(&records(base, &processes, filter)?) } else { packed(&releases(base, &processes, filter)?) }
}

fn packed(package: &impl serde::Serialize) -> Result<Response<pb::OcdsPackage>, Error> {
    let json = serde_json::to_string(package).map_err(|error| {
        tracing::error!(%error, "a package cannot be written as JSON");
        Error::internal()
    })?;
    Ok(Response::new(pb::OcdsPackage { json }))
}
