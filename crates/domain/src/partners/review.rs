//! Reviews: decisions of the organisation on claims.

pub mod acts;
mod state;

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::claimed::{Charge, Decision};
use crate::commitment::Commitment;
use crate::deliverable::{CriterionResult, Weight};
use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::milestone::Milestone;
use crate::milestone_update::MilestoneUpdate;
use crate::money::{Amount, Money};
use crate::partner::Partner;
use crate::person::Person;
use crate::program::Program;
use crate::progress::share;
use crate::ratio::Ratio;
use crate::resource::{Acting, Place, Rules};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};

pub use state::{ReviewClock, ReviewState};

/// The decision of the organisation on a claim of a partner. It is opened with the claim and decided by a person who did not
/// make the claim, or by the contract when nobody decides in time. Only accepted work is a fact: it is earned, accrued and
/// made payable in the same transaction. Patches and verbs need `If-Match`.
#[resource(
    prefix = "rvw",
    plural = "reviews",
    scope = "InEngagement",
    reach = "Fixed",
    verbs(
        crate::review::acts::AcceptReview,
        crate::review::acts::AcceptWithReservationsReview,
        crate::review::acts::AcceptInPartReview,
        crate::review::acts::RejectReview,
        crate::review::acts::ConfirmReview,
        crate::review::acts::QueryReview,
        crate::review::acts::AnswerQueryReview,
        crate::review::acts::MeetConditionReview,
        crate::review::acts::DisputeReview,
        crate::review::acts::AnswerDisputeReview,
        crate::review::acts::RevokeReview,
    )
)]
pub struct Review {
    /// The claim that is reviewed.
    #[field(create, filter)]
    pub milestone_update_id: Id<MilestoneUpdate>,
    /// The milestone of that claim.
    #[field(create, filter, parent)]
    pub milestone_id: Id<Milestone>,
    /// The engagement of that milestone.
    #[field(inherited, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The program of the deliverable of that milestone.
    #[field(inherited, filter)]
    pub program_id: Option<Id<Program>>,
    /// Number of the claim among the claims of the milestone.
    #[field(filter)]
    pub number: i32,
    /// Claimed share, from 0 to 1.
    #[field(create, filter)]
    pub claimed_percent: Ratio,
    /// State of the review.
    #[field(filter)]
    pub state: ReviewState,
    /// Total share of the milestone that this review accepted, from 0 to 1; absent until it accepts something.
    #[field(filter)]
    pub accepted_percent: Option<Ratio>,
    /// Share accepted before this review.
    #[field(filter)]
    pub percent_before: Option<Ratio>,
    /// The acceptance criteria of the milestone at the time of the claim, with their results.
    #[field(system)]
    pub criteria: Vec<ReviewedCriterion>,
    /// Conditions of a conditional acceptance.
    #[field(system)]
    pub conditions: Vec<ReviewCondition>,
    /// Earliest due day of a condition that is not met.
    #[field(filter)]
    pub next_condition_on: Option<Day>,
    /// Reason of the decision.
    #[field(system)]
    pub reason: Option<Text<4000>>,
    /// When it was decided (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Day of the acceptance in the time zone of the engagement: the day of the decision, or of the deadline where nobody
    /// decided in time.
    #[field(filter)]
    pub accepted_on: Option<Day>,
    /// Whether it counts as accepted because nobody decided in time.
    #[field(filter)]
    pub deemed: bool,
    /// Value of the additional acceptance, by the price of the milestone; absent where it has no price.
    #[field(filter)]
    pub accepted_value: Option<Money>,
    /// Question to the partner. The review period is paused until the partner answers.
    #[field(system)]
    pub query: Option<Text<4000>>,
    /// Answer of the partner.
    #[field(system)]
    pub query_answer: Option<Text<4000>>,
    /// Whether the review period runs.
    #[field(filter)]
    pub clock: ReviewClock,
    /// Last day for the review in the time zone of the engagement; absent while the review period is paused.
    #[field(filter)]
    pub due_on: Option<Day>,
    /// When that day ends (UTC).
    #[field(filter)]
    pub due_at: Option<Instant>,
    /// Working days left, while the review period is paused.
    #[field(filter)]
    pub days_left: Option<i32>,
    /// Whether the partner disputes the decision and waits for an answer.
    #[field(filter)]
    pub disputed: bool,
    /// Disputes of the partner, with the answers.
    #[field(system)]
    pub disputes: Vec<Dispute>,
    /// When the acceptance was revoked (UTC).
    #[field(filter)]
    pub revoked_at: Option<Instant>,
    /// Why it was revoked.
    #[field(system)]
    pub revocation_reason: Option<Text<4000>>,
    /// The person who is to decide.
    #[field(write, filter, private)]
    pub reviewer_id: Option<Id<Person>>,
    /// The delegate of the reviewer.
    #[field(write, filter, private)]
    pub delegate_id: Option<Id<Person>>,
    /// When the reviewer and the delegate were warned of the deadline (UTC): on the working day before it.
    #[field(filter, private)]
    pub warned_at: Option<Instant>,
    /// A decision beyond the authority of the person who made it. It takes effect when a second person confirms it.
    #[field(private)]
    pub proposal: Option<ReviewProposal>,
    /// The person who decided.
    #[field(filter, private)]
    pub decided_by: Option<Id<Person>>,
    /// The person who confirmed the decision.
    #[field(filter, private)]
    pub confirmed_by: Option<Id<Person>>,
    /// Accruals of the accepted value.
    #[field(private)]
    pub accruals: Vec<ReviewAccrual>,
    /// Number of ledger entries that the review posted itself, not through a commitment.
    #[field(filter, private)]
    pub entry_count: i32,
    /// SHA-256 over those entries, each chained to the one before.
    #[field(private)]
    pub entries_sha256: Option<Text<64>>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// An acceptance criterion of the milestone, with the result of the review.
#[input(value)]
pub struct ReviewedCriterion {
    /// Key of the criterion.
    pub key: Code,
    /// The condition that must be met.
    pub text: Text<1000>,
    /// Weight among the criteria of the milestone.
    pub weight: Weight,
    /// Whether the partner claims that it is met.
    pub claimed: bool,
    /// Result of the review.
    pub result: Option<CriterionResult>,
}

/// A task that is still to be done after an acceptance.
#[input(value)]
pub struct ReviewCondition {
    /// Key, unique in the review.
    pub key: Code,
    /// Description of the task.
    pub text: Text<1000>,
    /// Due day.
    pub due_on: Day,
    /// When it was done (UTC); set by the service.
    pub met_at: Option<Instant>,
}

/// A dispute of the partner about a decision.
#[input(value)]
pub struct Dispute {
    /// Reason of the dispute.
    pub reason: Text<4000>,
    /// When it was raised (UTC).
    pub raised_at: Instant,
    /// Working day by which it is to be answered, in the time zone of the engagement; absent where the contract has no
    /// deadline.
    pub answer_due_on: Option<Day>,
    /// The answer.
    pub answer: Option<Text<4000>>,
    /// When it was answered (UTC).
    pub answered_at: Option<Instant>,
    /// Whether the answer reopened the review.
    pub reopened: bool,
}

/// A decision on a claim.
#[input(value)]
pub struct ReviewDecision {
    /// Resulting state.
    pub outcome: ReviewState,
    /// Total share accepted, where it differs from the claimed share.
    pub percent: Option<Ratio>,
    /// Keys of the criteria that are met, where the decision is by criteria.
    pub criteria: Vec<Code>,
    /// Conditions.
    pub conditions: Vec<ReviewCondition>,
    /// Reason.
    pub reason: Option<Text<4000>>,
}

/// A decision that waits for a second person.
#[input(value)]
pub struct ReviewProposal {
    /// The decision.
    pub decision: ReviewDecision,
    /// The person who made the decision.
    pub proposed_by: Id<Person>,
    /// When the decision was made (UTC).
    pub proposed_at: Instant,
}

/// Accrual of an accepted value.
#[input(value)]
pub struct ReviewAccrual {
    /// Method of the accrual.
    pub way: AccrualWay,
    /// The commitment whose received amount rose.
    pub commitment_id: Option<Id<Commitment>>,
    /// The legal entity in whose books it is accrued.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// The amount, in the currency of the accepted value; below zero for a revoked acceptance, and for what was taken back
    /// because finance posted its cost.
    pub amount: Amount,
    /// The invoice whose posted cost took the amount back.
    pub invoice_id: Option<Id<Charge>>,
}

/// Method by which an accepted value is accrued.
#[words]
pub enum AccrualWay {
    /// A commitment of the engagement counts it as received.
    Commitment,
    /// The review posts its own ledger entry.
    Entry,
    /// Not accrued: no commitment of the engagement covers it, and the engagement names no legal entity that owes it.
    None,
}

impl From<Id<Review>> for Id<Decision> {
    fn from(id: Id<Review>) -> Self {
        Self::from_u128(id.as_u128())
    }
}

impl Rules for Review {
    const NEEDS_ETAG: bool = true;

    fn derive_and_check(&mut self, _faults: &mut Vec<Fault>) {
        let holds = self.state == ReviewState::AcceptedWithReservations;
        let open = self.conditions.iter().filter(|condition| holds && condition.met_at.is_none());
        self.next_condition_on = open.map(|condition| condition.due_on).min();
    }

    fn place(&self) -> Place {
        Place::of_engagement(self.program_id, self.partner_id, self.engagement_id)
    }
}

impl Review {
    /// Who decides: a person. That it is not the claimant is checked where the claim is read.
    pub(crate) fn person(acting: &Acting) -> Result<Id<Person>, Error> {
        acting.need_person("a claim is reviewed by a person; this token stands for none")
    }

    pub(crate) fn wrong(&self, why: &str) -> Error {
        Error::new(Reason::WrongState, format!("the review is {}: {why}", crate::words::Words::word(self.state)))
    }

    /// Decides, in the name of the person who acts.
    pub(crate) fn decide(&mut self, decision: &ReviewDecision, acting: &Acting) -> Result<(), Error> {
        let person = Self::person(acting)?;
        self.take(decision, acting.now)?;
        self.decided_by = Some(person);
        Ok(())
    }

    /// Puts a decision into effect.
    fn take(&mut self, decision: &ReviewDecision, now: Instant) -> Result<(), Error> {
        self.state.go(decision.outcome)?;
        self.judge(decision)?;
        self.conditions.clone_from(&decision.conditions);
        self.reason.clone_from(&decision.reason);
        self.decided_at = Some(now);
        self.proposal = None;
        Ok(())
    }

    /// Counts as accepted, because the deadline passed.
    pub fn deem(&mut self, now: Instant) -> Result<(), Error> {
        self.state.go(ReviewState::Accepted)?;
        self.deemed = true;
        self.decided_at = Some(now);
        self.accepted_on = self.due_on;
        self.accepted_percent = Some(self.claimed_percent);
        self.criteria.iter_mut().filter(|row| row.claimed).for_each(|row| row.result = Some(CriterionResult::Met));
        self.proposal = None;
        Ok(())
    }

    /// Judges criteria and finds the share that is accepted.
    fn judge(&mut self, decision: &ReviewDecision) -> Result<(), Error> {
        match decision.outcome {
            ReviewState::Accepted | ReviewState::AcceptedWithReservations => {
                self.criteria
                    .iter_mut()
                    .filter(|row| row.claimed)
                    .for_each(|row| row.result = Some(CriterionResult::Met));
                self.accepted_percent = Some(self.claimed_percent);
            }
            ReviewState::AcceptedInPart => {
                let percent = match decision.percent {
                    Some(percent) => percent,
                    None => self.judge_criteria(&decision.criteria)?,
                };
                self.check_part(percent)?;
                self.accepted_percent = Some(percent);
            }
            _ => self.accepted_percent = None,
        }
        Ok(())
    }

    /// The share of the weight of all criteria that these have.
    fn judge_criteria(&mut self, met: &[Code]) -> Result<Ratio, Error> {
        let mut faults = Vec::new();
        for (i, key) in met.iter().enumerate() {
            let detail = match self.criteria.iter().find(|row| row.key == *key) {
                None => "the milestone has no criterion with this key",
                Some(row) if !row.claimed => "this criterion is not claimed",
                Some(_) => continue,
            };
            faults.push(Fault::new(format!("/criteria/{i}"), "NOT_FOUND", detail));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let (mut whole, mut part) = (0_i64, 0_i64);
        for row in &mut self.criteria {
            let weight = i64::from(row.weight.get());
            let holds = met.contains(&row.key);
            row.result = Some(if holds { CriterionResult::Met } else { CriterionResult::NotMet });
            whole += weight;
            part += if holds { weight } else { 0 };
        }
        share(part, whole).ok_or_else(|| {
            Error::fault("/criteria", "DOES_NOT_FIT", "the criteria of the milestone have no weight: give percent")
        })
    }

    fn check_part(&self, percent: Ratio) -> Result<(), Error> {
        let before = self.percent_before.map_or(0, Ratio::millionths);
        if percent.millionths() <= before {
            let detail = "must be more than what was accepted before; to accept nothing more, reject the claim";
            return Err(Error::fault("/percent", "OUT_OF_RANGE", detail));
        }
        if percent >= self.claimed_percent
            && self.criteria.iter().all(|row| row.result != Some(CriterionResult::NotMet))
        {
            let detail =
                format!("must be less than what is claimed, {}; accept it whole", self.claimed_percent.as_number());
            return Err(Error::fault("/percent", "OUT_OF_RANGE", detail));
        }
        if percent > self.claimed_percent {
            let detail = format!("must not be more than what is claimed, {}", self.claimed_percent.as_number());
            return Err(Error::fault("/percent", "OUT_OF_RANGE", detail));
        }
        Ok(())
    }

    /// This decision as one that a second person must confirm.
    pub fn as_proposal(&self, proposed_by: Id<Person>, proposed_at: Instant) -> ReviewProposal {
        let by_criteria = self.criteria.iter().any(|row| row.result == Some(CriterionResult::NotMet));
        let met = self.criteria.iter().filter(|row| row.result == Some(CriterionResult::Met));
        let decision = ReviewDecision {
            outcome: self.state,
            percent: self.accepted_percent.filter(|_| !by_criteria),
            criteria: if by_criteria { met.map(|row| row.key.clone()).collect() } else { Vec::new() },
            conditions: self.conditions.clone(),
            reason: self.reason.clone(),
        };
        ReviewProposal { decision, proposed_by, proposed_at }
    }

    /// What the acceptance is of an amount more than what was accepted before.
    pub fn gain(&self, price: Money) -> Option<Money> {
        let of =
            |ratio: Option<Ratio>| ratio.map_or(Some(0), |ratio| price.payable_share(ratio).map(|share| share.units));
        let gained = of(self.accepted_percent)?.checked_sub(of(self.percent_before)?)?;
        Some(Money::new(gained, price.currency))
    }

    /// Refuses the person who made the claim.
    pub fn refuse_claimant(claimant: &Actor, acting: &Acting) -> Result<(), Error> {
        let person = Self::person(acting)?;
        if claimant.0 == person.to_string() {
            return Err(Error::new(Reason::Forbidden, "a claim is reviewed by someone else than who made it"));
        }
        Ok(())
    }
}
