//! The paths of reviews.

use steerco_domain::review::Review;
use steerco_domain::review_acts::{
    AcceptInPartReview, AcceptReview, AcceptWithReservationsReview, AnswerDisputeReview, AnswerQueryReview,
    ConfirmReview, DisputeReview, MeetConditionReview, QueryReview, RejectReview, RevokeReview,
};

use crate::rest::mount::{Mounted, fixed};

pub(super) fn mount() -> Mounted {
    fixed::<Review>()
        .verb::<AcceptReview>()
        .verb::<AcceptWithReservationsReview>()
        .verb::<AcceptInPartReview>()
        .verb::<RejectReview>()
        .verb::<ConfirmReview>()
        .verb::<QueryReview>()
        .verb::<AnswerQueryReview>()
        .verb::<MeetConditionReview>()
        .verb::<DisputeReview>()
        .verb::<AnswerDisputeReview>()
        .verb::<RevokeReview>()
        .done()
}
