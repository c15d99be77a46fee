//! Cost categories over gRPC.

use steerco_domain::cost_category::CostCategory;
use steerco_domain::cost_category_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

cost_category_fields!(resource_service verbs {});
