//! Engagements over gRPC.

use steerco_domain::engagement::{
    ActivateEngagement, CompleteEngagement, Engagement, SuspendEngagement, TerminateEngagement,
};
use steerco_domain::{
    activate_engagement_fields, complete_engagement_fields, engagement_fields, suspend_engagement_fields,
    terminate_engagement_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

engagement_fields!(resource_service verbs {
    activate_engagement ActivateEngagement, complete_engagement CompleteEngagement, suspend_engagement SuspendEngagement, terminate_engagement TerminateEngagement,
});
activate_engagement_fields!(verb_wire ActivateEngagementRequest);
complete_engagement_fields!(verb_wire CompleteEngagementRequest);
suspend_engagement_fields!(verb_wire SuspendEngagementRequest);
terminate_engagement_fields!(verb_wire TerminateEngagementRequest);
