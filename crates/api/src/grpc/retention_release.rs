//! Retention releases over gRPC.

use steerco_domain::retention_release::{ApproveRetentionRelease, RejectRetentionRelease, RetentionRelease};
use steerco_domain::{approve_retention_release_fields, reject_retention_release_fields, retention_release_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

retention_release_fields!(resource_service verbs { approve_retention_release ApproveRetentionRelease, reject_retention_release RejectRetentionRelease });
approve_retention_release_fields!(verb_wire ApproveRetentionReleaseRequest);
reject_retention_release_fields!(verb_wire RejectRetentionReleaseRequest);
