//! Verbs of deliverables.

use steerco_derive::input;

use crate::deliverable::{AcceptanceCriterion, CriterionJudgement, CriterionResult, Deliverable, DeliverableState};
use crate::error::{Error, Reason};
use crate::resource::{Acting, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// Start a deliverable, or start a rejected one again.
#[input]
pub struct StartDeliverable {
    /// Actual first day, if not recorded yet.
    pub actual_start_on: Option<Day>,
}

impl Verb for StartDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "start";
    fn decide(&self, deliverable: &mut Deliverable, now: Instant) -> Result<(), Error> {
        deliverable.state.go(DeliverableState::InProgress)?;
        deliverable.started_at = deliverable.started_at.or(Some(now));
        deliverable.actual_start_on = self.actual_start_on.or(deliverable.actual_start_on);
        Ok(())
    }
}

/// Submit a deliverable for review. Earlier judgements of its criteria are cleared.
#[input]
pub struct SubmitDeliverable {
    /// Actual last day, if not recorded yet.
    pub actual_finish_on: Option<Day>,
}

impl Verb for SubmitDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "submit";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        deliverable.state.go(DeliverableState::Submitted)?;
        deliverable.acceptance_criteria.iter_mut().for_each(AcceptanceCriterion::clear);
        deliverable.submitted_by = Some(acting.actor.clone());
        deliverable.submitted_at = Some(acting.now);
        deliverable.actual_finish_on = self.actual_finish_on.or(deliverable.actual_finish_on);
        (deliverable.reviewed_by, deliverable.reviewed_at, deliverable.review_note) = (None, None, None);
        Ok(())
    }
}

/// Judge acceptance criteria of a submitted deliverable. The reviewer must not be the person who submitted it.
#[input]
pub struct JudgeDeliverable {
    /// Judgements of the criteria.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for JudgeDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "judge";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        if deliverable.state != DeliverableState::Submitted {
            let detail = format!(
                "criteria can be judged only while the deliverable is submitted; it is {}",
                deliverable.state.word()
            );
            return Err(Error::new(Reason::WrongState, detail));
        }
        deliverable.judge(&self.results, "results", acting)
    }
}

/// Accept a deliverable whose criteria are all met. The reviewer must not be the person who submitted it.
#[input]
pub struct AcceptDeliverable {
    /// Judgements to record with this decision.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for AcceptDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "accept";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        deliverable.review(DeliverableState::Accepted, &self.results, None, acting)?;
        deliverable.require("met", |result| result == Some(CriterionResult::Met))
    }
}

/// Accept a deliverable with reservations. The reviewer must not be the person who submitted it.
#[input]
pub struct AcceptWithReservationsDeliverable {
    /// Defects that must still be corrected.
    pub reservations: Text<4000>,
    /// Judgements to record with this decision.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for AcceptWithReservationsDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "accept_with_reservations";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        let to = DeliverableState::AcceptedWithReservations;
        deliverable.review(to, &self.results, Some(&self.reservations), acting)?;
        deliverable.require("judged", |result| result.is_some())
    }
}

/// Reject a deliverable. The reviewer must not be the person who submitted it.
#[input]
pub struct RejectDeliverable {
    /// Reason for the rejection.
    pub reason: Text<4000>,
    /// Judgements to record with this decision.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for RejectDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "reject";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        deliverable.review(DeliverableState::Rejected, &self.results, Some(&self.reason), acting)
    }
}

/// Cancel a deliverable that will not be completed. The progress earned remains; the rest of its weight is no longer counted.
#[input]
pub struct CancelDeliverable {}

impl Verb for CancelDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "cancel";
    fn decide(&self, deliverable: &mut Deliverable, _now: Instant) -> Result<(), Error> {
        deliverable.state.go(DeliverableState::Cancelled)
    }
}
