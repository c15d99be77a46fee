//! States of reviews and of their review periods.

use steerco_derive::words;

use crate::state::States;

/// State of a review.
#[words(states)]
#[derive(Default)]
pub enum ReviewState {
    /// Waits for a decision.
    #[default]
    Open,
    /// Waits for an answer of the partner to a question.
    Queried,
    /// Everything that was claimed is accepted.
    Accepted,
    /// Everything that was claimed is accepted, with conditions.
    AcceptedWithReservations,
    /// A part is accepted.
    AcceptedInPart,
    /// Nothing is accepted.
    Rejected,
    /// The acceptance was revoked.
    Revoked,
    /// The claim was withdrawn or superseded.
    Closed,
}

impl States for ReviewState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (
            Self::Open,
            &[
                Self::Queried,
                Self::Accepted,
                Self::AcceptedWithReservations,
                Self::AcceptedInPart,
                Self::Rejected,
                Self::Closed,
            ],
        ),
        (
            Self::Queried,
            &[
                Self::Open,
                Self::Accepted,
                Self::AcceptedWithReservations,
                Self::AcceptedInPart,
                Self::Rejected,
                Self::Closed,
            ],
        ),
        (Self::Accepted, &[Self::Revoked]),
        (Self::AcceptedWithReservations, &[Self::Revoked]),
        (Self::AcceptedInPart, &[Self::Revoked]),
        // The answer to a dispute can reopen it.
        (Self::Rejected, &[Self::Open]),
    ];
}

impl ReviewState {
    /// Whether it waits for a decision.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Queried)
    }

    /// Whether it accepted something.
    pub const fn accepts(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithReservations | Self::AcceptedInPart)
    }
}

/// State of the review period.
#[words]
#[derive(Default)]
pub enum ReviewClock {
    /// There is no deadline, or the submission is not complete.
    #[default]
    None,
    /// The review period runs.
    Running,
    /// Paused: a question or a dispute is open, or the engagement is suspended.
    Stopped,
    /// It has ended.
    Ended,
}
