//! Projects over gRPC.

use steerco_domain::project::{ActivateProject, CancelProject, CompleteProject, HoldProject, Project};
use steerco_domain::{
    activate_project_fields, cancel_project_fields, complete_project_fields, hold_project_fields, project_fields,
};
use steerco_proto::v1 as pb;

use super::financials::financials;
use super::macros::{resource_service, verb_wire};
use super::serve::progress;

project_fields!(resource_service verbs {
    activate_project ActivateProject, hold_project HoldProject, complete_project CompleteProject,
    cancel_project CancelProject,
} [dated] others {
    async fn get_project_progress(&self, request: Request<pb::GetProgressRequest>) -> Answer<pb::Progress> {
        answer(request, |call, body| progress::<Project>(&self.0, call, body)).await
    }
    async fn get_project_financials(&self, request: Request<pb::GetFinancialsRequest>) -> Answer<pb::Financials> {
        answer(request, |call, body| financials::<Project>(&self.0, call, body)).await
    }
});
activate_project_fields!(verb_wire ActivateProjectRequest);
hold_project_fields!(verb_wire HoldProjectRequest);
complete_project_fields!(verb_wire CompleteProjectRequest);
cancel_project_fields!(verb_wire CancelProjectRequest);
