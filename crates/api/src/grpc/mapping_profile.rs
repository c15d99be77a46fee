//! Mapping profiles over gRPC.

use steerco_domain::mapping_profile::MappingProfile;
use steerco_domain::mapping_profile_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

mapping_profile_fields!(resource_service verbs {});
