//! Service level measurements over gRPC.

use steerco_domain::service_level_measurement::ServiceLevelMeasurement;
use steerco_domain::service_level_measurement_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

service_level_measurement_fields!(resource_service verbs {});
