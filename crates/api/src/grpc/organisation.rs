//! The organisation over gRPC: made by `steerco init`, so it is only read and changed.

use steerco_domain::organisation::Organisation;
use steerco_domain::organisation_fields;
use steerco_proto::v1 as pb;
use tonic::Request;

use super::bridge::{Listed, Writing};
use super::call::{Answer, answer};
use super::macros::resource_wire;
use super::{Door, limited, serve};

organisation_fields!(resource_wire);

/// The service of this resource.
pub(super) fn server(door: &Door) -> pb::organisation_service_server::OrganisationServiceServer<Door> {
    limited!(pb::organisation_service_server::OrganisationServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::organisation_service_server::OrganisationService for Door {
    async fn get_organisation(&self, request: Request<pb::GetRequest>) -> Answer<pb::Organisation> {
        answer(request, |call, body| serve::get::<Organisation>(&self.0, call, body)).await
    }

    async fn list_organisations(&self, request: Request<pb::ListRequest>) -> Answer<pb::ListOrganisationsResponse> {
        answer(request, |call, body| serve::list::<Organisation, _>(&self.0, call, body)).await
    }

    async fn list_organisation_revisions(
        &self,
        request: Request<pb::ListRevisionsRequest>,
    ) -> Answer<pb::ListOrganisationsResponse> {
        answer(request, |call, body| serve::revisions::<Organisation, _>(&self.0, call, body)).await
    }

    async fn update_organisation(&self, request: Request<pb::UpdateOrganisationRequest>) -> Answer<pb::Organisation> {
        answer(request, |call, body| serve::update::<Organisation>(&self.0, call, body.into())).await
    }

    async fn add_organisation_external_ref(
        &self,
        request: Request<pb::AddExternalRefRequest>,
    ) -> Answer<pb::Organisation> {
        answer(request, |call, body| serve::add_external_ref::<Organisation>(&self.0, call, body)).await
    }

    async fn remove_organisation_external_ref(
        &self,
        request: Request<pb::RemoveExternalRefRequest>,
    ) -> Answer<pb::Organisation> {
        answer(request, |call, body| serve::remove_external_ref::<Organisation>(&self.0, call, body)).await
    }
}

impl From<pb::UpdateOrganisationRequest> for Writing<pb::Organisation> {
    fn from(message: pb::UpdateOrganisationRequest) -> Self {
        let pb::UpdateOrganisationRequest { organisation: resource, update_mask, validate_only } = message;
        Self { resource, update_mask, validate_only, effective_at: None }
    }
}

impl From<Listed<pb::Organisation>> for pb::ListOrganisationsResponse {
    fn from(page: Listed<pb::Organisation>) -> Self {
        let Listed { items, next_page_token, total, sync_token } = page;
        Self { organisations: items, next_page_token, total, sync_token }
    }
}
