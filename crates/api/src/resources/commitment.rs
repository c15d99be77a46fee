//! The paths of commitments.

use steerco_domain::commitment::{
    AmendCommitment, CancelCommitment, CommitCommitment, Commitment, CreditCommitment, InvoiceCommitment,
    PayCommitment, ReceiveCommitment,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Commitment>()
        .verb::<CommitCommitment>()
        .verb::<AmendCommitment>()
        .verb::<ReceiveCommitment>()
        .verb::<InvoiceCommitment>()
        .verb::<CreditCommitment>()
        .verb::<PayCommitment>()
        .verb::<CancelCommitment>()
        .done();
    mounted.about.acts = &["override"];
    mounted
}
