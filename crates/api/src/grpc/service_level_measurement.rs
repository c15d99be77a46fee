//! Service level measurements over gRPC.

use steerco_domain::service_level_measurement::{ProposeCreditServiceLevelMeasurement, ServiceLevelMeasurement};
use steerco_domain::{propose_credit_service_level_measurement_fields, service_level_measurement_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

service_level_measurement_fields!(resource_service verbs { propose_credit_service_level_measurement ProposeCreditServiceLevelMeasurement });
propose_credit_service_level_measurement_fields!(verb_wire ProposeCreditServiceLevelMeasurementRequest);
