//! Grants over gRPC.

use steerco_domain::grant::{Grant, RevokeGrant};
use steerco_domain::{grant_fields, revoke_grant_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

grant_fields!(resource_service verbs { revoke_grant RevokeGrant });
revoke_grant_fields!(verb_wire RevokeGrantRequest);
