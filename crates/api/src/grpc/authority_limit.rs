//! Authority limits over gRPC.

use steerco_domain::authority_limit::AuthorityLimit;
use steerco_domain::authority_limit_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

authority_limit_fields!(resource_service verbs {  });
