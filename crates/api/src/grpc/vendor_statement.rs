//! Vendor statements over gRPC.

use steerco_domain::vendor_statement::VendorStatement;
use steerco_domain::vendor_statement_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

vendor_statement_fields!(resource_service verbs {});
