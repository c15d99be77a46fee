//! Payables over gRPC: made by acceptance.

use steerco_domain::payable::{Payable, ReleasePayable};
use steerco_domain::{payable_fields, release_payable_fields};
use steerco_proto::v1 as pb;

use super::macros::{fixed_service, verb_wire};

payable_fields!(fixed_service verbs { release_payable ReleasePayable });
release_payable_fields!(verb_wire ReleasePayableRequest);
