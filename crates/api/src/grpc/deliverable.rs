//! Deliverables over gRPC.

use steerco_domain::deliverable::{
    AcceptDeliverable, AcceptWithReservationsDeliverable, CancelDeliverable, Deliverable, JudgeDeliverable,
    RejectDeliverable, StartDeliverable, SubmitDeliverable,
};
use steerco_domain::{
    accept_deliverable_fields, accept_with_reservations_deliverable_fields, cancel_deliverable_fields,
    deliverable_fields, judge_deliverable_fields, reject_deliverable_fields, start_deliverable_fields,
    submit_deliverable_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

deliverable_fields!(resource_service verbs {
    start_deliverable StartDeliverable, submit_deliverable SubmitDeliverable, judge_deliverable JudgeDeliverable,
    accept_deliverable AcceptDeliverable,
    accept_with_reservations_deliverable AcceptWithReservationsDeliverable,
    reject_deliverable RejectDeliverable, cancel_deliverable CancelDeliverable,
} [dated]);
start_deliverable_fields!(verb_wire StartDeliverableRequest);
submit_deliverable_fields!(verb_wire SubmitDeliverableRequest);
judge_deliverable_fields!(verb_wire JudgeDeliverableRequest);
accept_deliverable_fields!(verb_wire AcceptDeliverableRequest);
accept_with_reservations_deliverable_fields!(verb_wire AcceptWithReservationsDeliverableRequest);
reject_deliverable_fields!(verb_wire RejectDeliverableRequest);
cancel_deliverable_fields!(verb_wire CancelDeliverableRequest);
