//! Functional areas over gRPC.

use steerco_domain::functional_area::FunctionalArea;
use steerco_domain::functional_area_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

functional_area_fields!(resource_service verbs {  });
