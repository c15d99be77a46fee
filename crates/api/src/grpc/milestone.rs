//! Milestones over gRPC.

use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

milestone_fields!(resource_service verbs {} [dated]);
