//! Milestone updates over gRPC: made once, and never changed.

use steerco_domain::milestone_update::{MilestoneUpdate, WithdrawMilestoneUpdate};
use steerco_domain::{milestone_update_fields, withdraw_milestone_update_fields};
use steerco_proto::v1 as pb;

use super::macros::{fixed_service, verb_wire};

milestone_update_fields!(fixed_service verbs { withdraw_milestone_update WithdrawMilestoneUpdate } others {
    async fn create_milestone_update(
        &self,
        request: Request<pb::CreateMilestoneUpdateRequest>,
    ) -> Answer<pb::MilestoneUpdate> {
        answer(request, |call, body| serve::create::<MilestoneUpdate>(&self.0, call, body.into())).await
    }
});
withdraw_milestone_update_fields!(verb_wire WithdrawMilestoneUpdateRequest);

