//! Partners over gRPC.

use steerco_domain::partner::{EndPartner, Partner, ResumePartner, SuspendPartner};
use steerco_domain::{end_partner_fields, partner_fields, resume_partner_fields, suspend_partner_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

partner_fields!(resource_service verbs {
    suspend_partner SuspendPartner, resume_partner ResumePartner, end_partner EndPartner,
} others {
    async fn get_partner_scorecard(&self, request: Request<pb::GetScorecardRequest>) -> Answer<pb::Scorecard> {
        answer(request, |call, body| super::settlement::of_partner(&self.0, call, body)).await
    }
});
suspend_partner_fields!(verb_wire SuspendPartnerRequest);
resume_partner_fields!(verb_wire ResumePartnerRequest);
end_partner_fields!(verb_wire EndPartnerRequest);
