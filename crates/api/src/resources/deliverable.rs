//! The paths of deliverables.

use steerco_domain::deliverable::{
    AcceptDeliverable, AcceptWithReservationsDeliverable, CancelDeliverable, Deliverable, JudgeDeliverable,
    RejectDeliverable, StartDeliverable, SubmitDeliverable,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Deliverable>()
        .verb::<StartDeliverable>()
        .verb::<SubmitDeliverable>()
        .verb::<JudgeDeliverable>()
        .verb::<AcceptDeliverable>()
        .verb::<AcceptWithReservationsDeliverable>()
        .verb::<RejectDeliverable>()
        .verb::<CancelDeliverable>()
        .done()
}
