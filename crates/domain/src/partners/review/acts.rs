//! What is done with a review: deciding, asking, disputing, revoking.

use steerco_derive::input;

use crate::error::{Error, Fault, Reason};
use crate::ratio::Ratio;
use crate::resource::{Acting, Verb};
use crate::review::{Dispute, Review, ReviewCondition, ReviewDecision, ReviewState};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::Day;

fn decision(outcome: ReviewState) -> ReviewDecision {
    ReviewDecision { outcome, percent: None, criteria: Vec::new(), conditions: Vec::new(), reason: None }
}

/// Accepts all that is claimed, by a person who did not claim it. Beyond the authority of the person it is a proposal that
/// a second person confirms.
#[input]
pub struct AcceptReview {
    /// What is said of it; the partner reads it too.
    pub reason: Option<Text<4000>>,
}

impl Verb for AcceptReview {
    type On = Review;
    const NAME: &'static str = "accept";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        on.decide(&ReviewDecision { reason: self.reason.clone(), ..decision(ReviewState::Accepted) }, acting)
    }
}

/// Accepts all that is claimed under dated conditions, by a person who did not claim it.
#[input]
pub struct AcceptWithReservationsReview {
    /// What is still to be done, and until when; at least one.
    pub conditions: Vec<NewCondition>,
    /// What is said of it; the partner reads it too.
    pub reason: Option<Text<4000>>,
}

/// Something that is still to be done.
#[input(value)]
pub struct NewCondition {
    /// Handle, unique in the review.
    pub key: Code,
    /// What is to be done.
    pub text: Text<1000>,
    /// Until when.
    pub due_on: Day,
}

impl Verb for AcceptWithReservationsReview {
    type On = Review;
    const NAME: &'static str = "accept_with_reservations";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.conditions.is_empty() {
            faults.push(Fault::new("/conditions", "REQUIRED", "name at least one condition, or accept it whole"));
        }
        for (i, row) in self.conditions.iter().enumerate() {
            if self.conditions[..i].iter().any(|before| before.key == row.key) {
                faults.push(Fault::new(format!("/conditions/{i}/key"), "DUPLICATE", "one condition a key"));
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let condition = |new: &NewCondition| ReviewCondition {
            key: new.key.clone(),
            text: new.text.clone(),
            due_on: new.due_on,
            met_at: None,
        };
        let conditions = self.conditions.iter().map(condition).collect();
        let outcome = ReviewState::AcceptedWithReservations;
        on.decide(&ReviewDecision { conditions, reason: self.reason.clone(), ..decision(outcome) }, acting)
    }
}

/// Accepts some of what is claimed, by share or by criteria, by a person who did not claim it.
#[input]
pub struct AcceptInPartReview {
    /// Share of the milestone accepted in all, from 0 to 1: more than before, less than claimed; this or `criteria`.
    pub percent: Option<Ratio>,
    /// Keys of the criteria that are met: the share is that of their weight in the weight of all.
    pub criteria: Vec<Code>,
    /// Why not all; the partner reads it.
    pub reason: Text<4000>,
}

impl Verb for AcceptInPartReview {
    type On = Review;
    const NAME: &'static str = "accept_in_part";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        if self.percent.is_some() != self.criteria.is_empty() {
            return Err(Error::fault("/percent", "REQUIRED", "give percent or criteria, one of the two"));
        }
        let decided = ReviewDecision {
            percent: self.percent,
            criteria: self.criteria.clone(),
            reason: Some(self.reason.clone()),
            ..decision(ReviewState::AcceptedInPart)
        };
        on.decide(&decided, acting)
    }
}

/// Accepts nothing of what is claimed, by a person who did not claim it. What was accepted before stays.
#[input]
pub struct RejectReview {
    /// Why; the partner reads it.
    pub reason: Text<4000>,
}

impl Verb for RejectReview {
    type On = Review;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        on.decide(&ReviewDecision { reason: Some(self.reason.clone()), ..decision(ReviewState::Rejected) }, acting)
    }
}

/// Confirms a decision that was beyond the authority of who made it, by a second person with enough of it.
#[input]
pub struct ConfirmReview {}

impl Verb for ConfirmReview {
    type On = Review;
    const NAME: &'static str = "confirm";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        let person = Review::person(acting)?;
        let Some(proposal) = on.proposal.clone() else {
            return Err(on.wrong("there is no decision that waits to be confirmed"));
        };
        if proposal.proposed_by == person {
            return Err(Error::new(Reason::Forbidden, "a decision is confirmed by someone else than who made it"));
        }
        on.decide(&proposal.decision, acting)?;
        on.decided_by = Some(proposal.proposed_by);
        on.confirmed_by = Some(person);
        Ok(())
    }
}

/// Asks something of the partner: the time for the review stands still until it answers.
#[input]
pub struct QueryReview {
    /// What is asked.
    pub query: Text<4000>,
}

impl Verb for QueryReview {
    type On = Review;
    const NAME: &'static str = "query";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        Review::person(acting)?;
        on.state.go(ReviewState::Queried)?;
        on.query = Some(self.query.clone());
        on.query_answer = None;
        Ok(())
    }
}

/// Answers what was asked: the time for the review runs on.
#[input]
pub struct AnswerQueryReview {
    /// The answer.
    pub answer: Text<4000>,
}

impl Verb for AnswerQueryReview {
    type On = Review;
    const NAME: &'static str = "answer_query";
    fn decide_by(&self, on: &mut Review, _acting: &Acting) -> Result<(), Error> {
        if on.state != ReviewState::Queried {
            return Err(on.wrong("nothing is asked"));
        }
        on.state.go(ReviewState::Open)?;
        on.query_answer = Some(self.answer.clone());
        Ok(())
    }
}

/// Notes that a condition of an acceptance is met.
#[input]
pub struct MeetConditionReview {
    /// The key of the condition.
    pub key: Code,
}

impl Verb for MeetConditionReview {
    type On = Review;
    const NAME: &'static str = "meet_condition";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        Review::person(acting)?;
        if on.state != ReviewState::AcceptedWithReservations {
            return Err(on.wrong("it has no conditions"));
        }
        let Some(condition) = on.conditions.iter_mut().find(|condition| condition.key == self.key) else {
            return Err(Error::fault("/key", "NOT_FOUND", "the review has no condition with this key"));
        };
        condition.met_at = condition.met_at.or(Some(acting.now));
        Ok(())
    }
}

/// Disputes a decision, or what is asked, on the side of the partner: it is owed an answer. While the review is open its
/// time stands still until then.
#[input]
pub struct DisputeReview {
    /// Why; both sides read it.
    pub reason: Text<4000>,
}

/// Disputes a review can have.
const DISPUTES_MAX: usize = 100;

impl Verb for DisputeReview {
    type On = Review;
    const NAME: &'static str = "dispute";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        if on.disputed {
            return Err(on.wrong("it is disputed already, and waits for an answer"));
        }
        if on.state == ReviewState::Closed || on.disputes.len() >= DISPUTES_MAX {
            return Err(on.wrong("there is nothing more to dispute"));
        }
        on.disputed = true;
        on.disputes.push(Dispute {
            reason: self.reason.clone(),
            raised_at: acting.now,
            answer_due_on: None,
            answer: None,
            answered_at: None,
            reopened: false,
        });
        Ok(())
    }
}

/// Answers a dispute, by a person: the decision stands, or the review is open again.
#[input]
pub struct AnswerDisputeReview {
    /// The answer; both sides read it.
    pub answer: Text<4000>,
    /// Whether what was rejected is reviewed again.
    pub reopen: bool,
}

impl Verb for AnswerDisputeReview {
    type On = Review;
    const NAME: &'static str = "answer_dispute";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        Review::person(acting)?;
        if !on.disputed {
            return Err(on.wrong("it is not disputed"));
        }
        if self.reopen {
            on.state.go(ReviewState::Open)?;
            (on.decided_at, on.decided_by, on.confirmed_by) = (None, None, None);
        }
        on.disputed = false;
        if let Some(dispute) = on.disputes.last_mut() {
            dispute.answer = Some(self.answer.clone());
            dispute.answered_at = Some(acting.now);
            dispute.reopened = self.reopen;
        }
        Ok(())
    }
}

/// Takes an acceptance back, by a person: what it earned, accrued and made payable is reversed.
#[input]
pub struct RevokeReview {
    /// Why; the partner reads it.
    pub reason: Text<4000>,
}

impl Verb for RevokeReview {
    type On = Review;
    const NAME: &'static str = "revoke";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        Review::person(acting)?;
        on.state.go(ReviewState::Revoked)?;
        on.revoked_at = Some(acting.now);
        on.revocation_reason = Some(self.reason.clone());
        Ok(())
    }
}
