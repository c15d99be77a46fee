//! Rate cards over gRPC.

use steerco_domain::rate_card::{ApproveRateCard, RateCard};
use steerco_domain::{approve_rate_card_fields, rate_card_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

rate_card_fields!(resource_service verbs { approve_rate_card ApproveRateCard });
approve_rate_card_fields!(verb_wire ApproveRateCardRequest);
