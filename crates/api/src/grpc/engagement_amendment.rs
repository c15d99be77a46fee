//! Engagement amendments over gRPC.

use steerco_domain::engagement_amendment::{
    ApproveEngagementAmendment, EngagementAmendment, RejectEngagementAmendment, SubmitEngagementAmendment,
    WithdrawEngagementAmendment,
};
use steerco_domain::{
    approve_engagement_amendment_fields, engagement_amendment_fields, reject_engagement_amendment_fields,
    submit_engagement_amendment_fields, withdraw_engagement_amendment_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

engagement_amendment_fields!(resource_service verbs { submit_engagement_amendment SubmitEngagementAmendment, withdraw_engagement_amendment WithdrawEngagementAmendment, approve_engagement_amendment ApproveEngagementAmendment, reject_engagement_amendment RejectEngagementAmendment });
submit_engagement_amendment_fields!(verb_wire SubmitEngagementAmendmentRequest);
withdraw_engagement_amendment_fields!(verb_wire WithdrawEngagementAmendmentRequest);
approve_engagement_amendment_fields!(verb_wire ApproveEngagementAmendmentRequest);
reject_engagement_amendment_fields!(verb_wire RejectEngagementAmendmentRequest);
