//! Coding rules over gRPC.

use steerco_domain::coding_rule::CodingRule;
use steerco_domain::coding_rule_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

coding_rule_fields!(resource_service verbs {});
