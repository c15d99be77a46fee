//! Legal entities over gRPC.

use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::legal_entity_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

legal_entity_fields!(resource_service verbs {});
