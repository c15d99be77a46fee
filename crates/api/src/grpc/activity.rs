//! Activities over gRPC.

use steerco_domain::activity::Activity;
use steerco_domain::activity_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

activity_fields!(resource_service verbs {  });
