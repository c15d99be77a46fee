//! Verbs of reviews: decisions, questions, disputes and revocation.

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

/// Accepts everything claimed. The person must not have made the claim. Beyond the authority of the person it is a proposal
/// that a second person confirms.
#[input]
pub struct AcceptReview {
    /// Comment; the partner can read it too.
    pub reason: Option<Text<4000>>,
}

impl Verb for AcceptReview {
    type On = Review;
    const NAME: &'static str = "accept";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        on.decide(&ReviewDecision { reason: self.reason.clone(), ..decision(ReviewState::Accepted) }, acting)
    }
}

/// Accepts everything claimed, with dated conditions. The person must not have made the claim.
#[input]
pub struct AcceptWithReservationsReview {
    /// Tasks that are still to be done, with due days; at least one.
    pub conditions: Vec<NewCondition>,
    /// Comment; the partner can read it too.
    pub reason: Option<Text<4000>>,
}

/// A task that is still to be done.
#[input(value)]
pub struct NewCondition {
    /// Key, unique in the review.
    pub key: Code,
    /// Description of the task.
    pub text: Text<1000>,
    /// Due day.
    pub due_on: Day,
}

impl Verb for AcceptWithReservationsReview {
    type On = Review;
    const NAME: &'static str = "accept_with_reservations";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.conditions.is_empty() {
            faults.push(Fault::new(
                "/conditions",
                "REQUIRED",
                "give at least one condition, or accept without conditions",
            ));
        }
        for (i, row) in self.conditions.iter().enumerate() {
            if self.conditions[..i].iter().any(|before| before.key == row.key) {
                faults.push(Fault::new(
                    format!("/conditions/{i}/key"),
                    "DUPLICATE",
                    "the key is used by another condition",
                ));
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

/// Accepts a part of the claim, by share or by criteria. The person must not have made the claim.
#[input]
pub struct AcceptInPartReview {
    /// Total share of the milestone accepted, from 0 to 1: more than before, less than claimed. Give this or `criteria`.
    pub percent: Option<Ratio>,
    /// Keys of the criteria that are met. The share is their weight divided by the weight of all criteria.
    pub criteria: Vec<Code>,
    /// Reason for the partial acceptance; the partner can read it.
    pub reason: Text<4000>,
}

impl Verb for AcceptInPartReview {
    type On = Review;
    const NAME: &'static str = "accept_in_part";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        if self.percent.is_some() != self.criteria.is_empty() {
            return Err(Error::fault("/percent", "REQUIRED", "give either percent or criteria"));
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

/// Rejects the claim. The person must not have made it. Earlier acceptances are unchanged.
#[input]
pub struct RejectReview {
    /// Reason; the partner can read it.
    pub reason: Text<4000>,
}

impl Verb for RejectReview {
    type On = Review;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut Review, acting: &Acting) -> Result<(), Error> {
        on.decide(&ReviewDecision { reason: Some(self.reason.clone()), ..decision(ReviewState::Rejected) }, acting)
    }
}

/// Confirms a decision beyond the authority of the person who made it. A second person with sufficient authority is required.
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
            return Err(Error::new(
                Reason::Forbidden,
                "a decision must be confirmed by another person than the one who made it",
            ));
        }
        on.decide(&proposal.decision, acting)?;
        on.decided_by = Some(proposal.proposed_by);
        on.confirmed_by = Some(person);
        Ok(())
    }
}

/// Asks the partner a question. The review period is paused until the partner answers.
#[input]
pub struct QueryReview {
    /// The question.
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

/// Answers the question. The review period resumes.
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

/// Records that a condition of an acceptance is met.
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

/// Disputes a decision or a question on behalf of the partner. The organisation must answer it. If the review is open, its
/// review period is paused until then.
#[input]
pub struct DisputeReview {
    /// Reason; both sides read it.
    pub reason: Text<4000>,
}

/// Maximum number of disputes of a review.
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

/// Answers a dispute. Only a person can answer. The decision is upheld, or the review is reopened.
#[input]
pub struct AnswerDisputeReview {
    /// The answer; both sides read it.
    pub answer: Text<4000>,
    /// Whether to reopen the review of a rejected claim.
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

/// Revokes an acceptance. Only a person can revoke it. Its earned value, accruals and payables are reversed.
#[input]
pub struct RevokeReview {
    /// Reason; the partner can read it.
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
