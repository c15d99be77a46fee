//! Reviews over gRPC: opened by a claim, decided by acts.

use steerco_domain::review::Review;
use steerco_domain::review_acts::{
    AcceptInPartReview, AcceptReview, AcceptWithReservationsReview, AnswerDisputeReview, AnswerQueryReview,
    ConfirmReview, DisputeReview, MeetConditionReview, QueryReview, RejectReview, RevokeReview,
};
use steerco_domain::{
    accept_in_part_review_fields, accept_review_fields, accept_with_reservations_review_fields,
    answer_dispute_review_fields, answer_query_review_fields, confirm_review_fields, dispute_review_fields,
    meet_condition_review_fields, query_review_fields, reject_review_fields, review_fields, revoke_review_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{fixed_service, verb_wire};

review_fields!(fixed_service verbs {
    accept_review AcceptReview, accept_with_reservations_review AcceptWithReservationsReview,
    accept_in_part_review AcceptInPartReview, reject_review RejectReview, confirm_review ConfirmReview,
    query_review QueryReview, answer_query_review AnswerQueryReview, meet_condition_review MeetConditionReview,
    dispute_review DisputeReview, answer_dispute_review AnswerDisputeReview, revoke_review RevokeReview,
});
accept_review_fields!(verb_wire AcceptReviewRequest);
accept_with_reservations_review_fields!(verb_wire AcceptWithReservationsReviewRequest);
accept_in_part_review_fields!(verb_wire AcceptInPartReviewRequest);
reject_review_fields!(verb_wire RejectReviewRequest);
confirm_review_fields!(verb_wire ConfirmReviewRequest);
query_review_fields!(verb_wire QueryReviewRequest);
answer_query_review_fields!(verb_wire AnswerQueryReviewRequest);
meet_condition_review_fields!(verb_wire MeetConditionReviewRequest);
dispute_review_fields!(verb_wire DisputeReviewRequest);
answer_dispute_review_fields!(verb_wire AnswerDisputeReviewRequest);
revoke_review_fields!(verb_wire RevokeReviewRequest);
