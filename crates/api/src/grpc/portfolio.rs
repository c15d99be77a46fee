//! Portfolios over gRPC.

use steerco_domain::portfolio::Portfolio;
use steerco_domain::portfolio_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

portfolio_fields!(resource_service verbs {});
