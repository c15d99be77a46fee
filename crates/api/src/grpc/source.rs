//! Sources over gRPC.

use steerco_domain::source::Source;
use steerco_domain::source_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

source_fields!(resource_service verbs {});
