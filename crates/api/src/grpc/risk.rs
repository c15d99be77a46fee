//! Risks over gRPC.

use steerco_domain::risk::{AssessRisk, CloseRisk, ExpireRisk, MaterialiseRisk, RespondRisk, Risk};
use steerco_domain::{
    assess_risk_fields, close_risk_fields, expire_risk_fields, materialise_risk_fields, respond_risk_fields,
    risk_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

risk_fields!(resource_service verbs {
    assess_risk AssessRisk, respond_risk RespondRisk, close_risk CloseRisk, materialise_risk MaterialiseRisk,
    expire_risk ExpireRisk,
});
assess_risk_fields!(verb_wire AssessRiskRequest);
respond_risk_fields!(verb_wire RespondRiskRequest);
close_risk_fields!(verb_wire CloseRiskRequest);
materialise_risk_fields!(verb_wire MaterialiseRiskRequest);
expire_risk_fields!(verb_wire ExpireRiskRequest);
