//! Deliverables: results to hand over, their progress and their acceptance.

mod acts;

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::person::Person;
use crate::program::{Program, check_span};
use crate::progress::{Earning, Leaf, Standing, Sums};
use crate::project::Project;
use crate::ratio::Ratio;
use crate::resource::{Acting, Place, Rules};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};
use crate::words::Words;

pub use acts::{
    AcceptDeliverable, AcceptWithReservationsDeliverable, CancelDeliverable, JudgeDeliverable, RejectDeliverable,
    StartDeliverable, SubmitDeliverable,
};

/// Weight of a deliverable compared with the others, on any common scale.
pub type Weight = Whole<0, 1_000_000>;

/// A result that a program or project hands over. It is accepted by a person other than the one who submitted it.
#[resource(
    prefix = "dlv",
    plural = "deliverables",
    scope = "InProgram",
    dated,
    verbs(
        StartDeliverable,
        SubmitDeliverable,
        JudgeDeliverable,
        AcceptDeliverable,
        AcceptWithReservationsDeliverable,
        RejectDeliverable,
        CancelDeliverable,
    )
)]
pub struct Deliverable {
    /// Program that the deliverable belongs to. If a project is given, the program of that project.
    #[field(create, filter, parent, inherited)]
    pub program_id: Option<Id<Program>>,
    /// Project that the deliverable belongs to, within that program. Absent if it belongs directly to the program.
    #[field(create, filter, parent)]
    pub project_id: Option<Id<Project>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Description.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Person accountable for it.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// Acceptance criteria. They cannot change from submission until rejection.
    #[field(write)]
    pub acceptance_criteria: Vec<AcceptanceCriterion>,
    /// Weight in the roll-up of progress, on any common scale; 1 if absent.
    #[field(write, filter)]
    pub weight: Option<Weight>,
    /// Rule by which progress is earned; `zero_hundred` if absent.
    #[field(write, filter)]
    pub earning_rule: Option<EarningRule>,
    /// Percent complete as assessed by the people who do the work, from 0 to 1. The rule `percent` uses it before acceptance,
    /// unless the review of a vendor's milestone has accepted a share.
    #[field(write, filter)]
    pub percent_complete: Option<Ratio>,
    /// Share accepted in reviews of vendors' milestones, weighted over the claimed milestones, from 0 to 1.
    #[field(filter)]
    pub accepted_percent: Option<Ratio>,
    /// The same share as claimed by the vendors. Not verified, and never less than the accepted share.
    #[field(filter)]
    pub claimed_percent: Option<Ratio>,
    /// Planned first day.
    #[field(write, filter)]
    pub planned_start_on: Option<Day>,
    /// Planned last day.
    #[field(write, filter)]
    pub planned_finish_on: Option<Day>,
    /// First day according to the current forecast.
    #[field(write, filter)]
    pub forecast_start_on: Option<Day>,
    /// Last day according to the current forecast.
    #[field(write, filter)]
    pub forecast_finish_on: Option<Day>,
    /// Actual first day.
    #[field(write, filter)]
    pub actual_start_on: Option<Day>,
    /// Actual last day.
    #[field(write, filter)]
    pub actual_finish_on: Option<Day>,
    /// Current state.
    #[field(filter)]
    pub state: DeliverableState,
    /// Time of the first start (UTC).
    #[field(filter)]
    pub started_at: Option<Instant>,
    /// Person or service account that last submitted it.
    #[field(filter)]
    pub submitted_by: Option<crate::actor::Actor>,
    /// Time of the last submission (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// Person who last accepted or rejected it.
    #[field(filter)]
    pub reviewed_by: Option<Id<Person>>,
    /// Time of the last acceptance or rejection (UTC).
    #[field(filter)]
    pub reviewed_at: Option<Instant>,
    /// Reservations of the acceptance, or reason for the rejection.
    #[field(system)]
    pub review_note: Option<Text<4000>>,
}

/// An acceptance criterion of a deliverable. Its result is set by `judge` and cleared when its text changes.
#[input(value)]
pub struct AcceptanceCriterion {
    /// Key that stays the same when the text changes, unique within the deliverable.
    pub key: Code,
    /// The condition to be met.
    pub text: Text<1000>,
    /// Evidence that must be provided.
    pub evidence_required: Option<Text<1000>>,
    /// Whether the criterion is met. Set when the criterion is judged; in other requests it can only be repeated unchanged.
    pub result: Option<CriterionResult>,
    /// Person who judged it. Set when the criterion is judged.
    pub judged_by: Option<Id<Person>>,
    /// Time of the judgement (UTC). Set when the criterion is judged.
    pub judged_at: Option<Instant>,
    /// Note of the judgement. Set when the criterion is judged.
    pub note: Option<Text<1000>>,
}

/// Result of an acceptance criterion.
#[words]
pub enum CriterionResult {
    /// Met.
    Met,
    /// Not met.
    NotMet,
}

/// Judgement of one acceptance criterion.
#[input(value)]
pub struct CriterionJudgement {
    /// Key of the criterion.
    pub key: Code,
    /// Whether the criterion is met.
    pub result: CriterionResult,
    /// Note, such as the location of the evidence.
    pub note: Option<Text<1000>>,
}

/// Rule by which a deliverable earns progress.
#[words]
#[derive(Default)]
pub enum EarningRule {
    /// 0 % before acceptance, 100 % on acceptance.
    #[default]
    ZeroHundred,
    /// 50 % when started, 100 % on acceptance.
    FiftyFifty,
    /// Its percent complete, 100 % on acceptance.
    Percent,
    /// Share of the weight of its milestones that is accepted; 100 % when the deliverable itself is accepted.
    Milestones,
    /// Earned by the passage of time. Excluded from progress and reported separately.
    LevelOfEffort,
}

/// State of a deliverable.
#[words(states)]
#[derive(Default)]
pub enum DeliverableState {
    /// Not started.
    #[default]
    Planned,
    /// In progress.
    InProgress,
    /// Submitted for review.
    Submitted,
    /// Accepted without reservations.
    Accepted,
    /// Accepted, with defects still to be corrected.
    AcceptedWithReservations,
    /// Rejected. It can be started again.
    Rejected,
    /// Cancelled. It will not be completed.
    Cancelled,
}

impl States for DeliverableState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Planned, &[Self::InProgress, Self::Cancelled]),
        (Self::InProgress, &[Self::Submitted, Self::Cancelled]),
        (Self::Submitted, &[Self::Accepted, Self::AcceptedWithReservations, Self::Rejected, Self::Cancelled]),
        (Self::AcceptedWithReservations, &[Self::Accepted]),
        (Self::Rejected, &[Self::InProgress, Self::Cancelled]),
    ];
}

impl DeliverableState {
    /// Whether it is accepted, with or without reservations.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithReservations)
    }

    /// Whether its acceptance criteria may still be changed.
    const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::InProgress | Self::Rejected)
    }
}

impl AcceptanceCriterion {
    const fn is_judged(&self) -> bool {
        self.result.is_some() || self.judged_by.is_some() || self.judged_at.is_some() || self.note.is_some()
    }

    fn same_judgement(&self, other: &Self) -> bool {
        (self.result, self.judged_by, self.judged_at, &self.note)
            == (other.result, other.judged_by, other.judged_at, &other.note)
    }

    fn clear(&mut self) {
        (self.result, self.judged_by, self.judged_at, self.note) = (None, None, None, None);
    }
}

impl Rules for Deliverable {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let known = before.map_or(&[][..], |before| before.acceptance_criteria.as_slice());
        for (i, row) in self.acceptance_criteria.iter_mut().enumerate() {
            let old = known.iter().find(|old| old.key == row.key);
            if row.is_judged() && !old.is_some_and(|old| old.same_judgement(row)) {
                let detail = "is set when the criterion is judged: omit it or repeat it unchanged";
                faults.push(Fault::new(format!("/acceptance_criteria/{i}/result"), "READ_ONLY", detail));
                continue;
            }
            row.clear();
            let same =
                |old: &&AcceptanceCriterion| old.text == row.text && old.evidence_required == row.evidence_required;
            if let Some(old) = old.filter(same) {
                row.clone_from(old);
            }
        }
        let frozen = before.filter(|before| !before.state.is_open());
        if let Some(before) = frozen.filter(|before| before.acceptance_criteria != self.acceptance_criteria) {
            let detail = format!("cannot change while the deliverable is {}", before.state.word());
            faults.push(Fault::new("/acceptance_criteria", "FROZEN", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.program_id.is_none() && self.project_id.is_none() {
            faults.push(Fault::new("/program_id", "REQUIRED", "is required if no project is given"));
        }
        check_span("planned", self.planned_start_on, self.planned_finish_on, faults);
        check_span("forecast", self.forecast_start_on, self.forecast_finish_on, faults);
        check_span("actual", self.actual_start_on, self.actual_finish_on, faults);
        for (i, row) in self.acceptance_criteria.iter().enumerate() {
            if self.acceptance_criteria[..i].iter().any(|before| before.key == row.key) {
                let pointer = format!("/acceptance_criteria/{i}/key");
                faults.push(Fault::new(pointer, "DUPLICATE", "only one criterion per key is allowed"));
            }
        }
    }

    fn standing(&self) -> Option<Standing> {
        let project = self.project_id.map(|id| id.to_string());
        let parent = project.or_else(|| self.program_id.map(|id| id.to_string()));
        let input_at = self.deleted_at.is_none().then_some(self.updated_at);
        let live = self.deleted_at.is_none();
        let by_milestones = live && self.earning_rule == Some(EarningRule::Milestones);
        let by_milestones = by_milestones.then(|| self.leaf());
        Some(Standing { parent, own: Some(self.sums(Sums::default())), by_milestones, input_at })
    }

    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}

impl Deliverable {
    /// How it earns progress. An accepted deliverable has earned 100 %.
    pub(crate) fn earning(&self) -> Earning {
        let ratio = Ratio::from_millionths;
        let accepted = self.state.is_accepted();
        let begun = self.started_at.is_some() || self.actual_start_on.is_some();
        // A deliverable that has not started has earned nothing, whatever percent complete is reported.
        let unmeasured = ratio(0).filter(|_| !begun);
        let earned = match self.earning_rule.unwrap_or_default() {
            _ if accepted => ratio(Ratio::ONE),
            EarningRule::ZeroHundred => ratio(0),
            EarningRule::FiftyFifty => ratio(if begun { Ratio::ONE / 2 } else { 0 }),
            // The share accepted in reviews takes precedence over an assessed percent complete.
            EarningRule::Percent => self.accepted_percent.or(self.percent_complete).or(unmeasured),
            EarningRule::Milestones => unmeasured,
            EarningRule::LevelOfEffort => None,
        };
        match self.earning_rule {
            Some(EarningRule::Milestones) => Earning::ByMilestones { otherwise: earned, accepted },
            _ => Earning::Alone { earned, claimed: self.claimed_percent },
        }
    }

    fn leaf(&self) -> Leaf {
        Leaf {
            weight: self.weight.map_or(1, |weight| i64::from(weight.get())),
            cancelled: self.state == DeliverableState::Cancelled,
            timed: self.earning_rule == Some(EarningRule::LevelOfEffort),
            earning: self.earning(),
        }
    }

    /// Its contribution to the roll-up, given the sums of its milestones.
    pub fn sums(&self, milestones: Sums) -> Sums {
        if self.deleted_at.is_some() { Sums::default() } else { self.leaf().sums(milestones) }
    }

    /// Judges criteria. The acting person must not be the one who submitted.
    fn judge(&mut self, judgements: &[CriterionJudgement], field: &str, acting: &Acting) -> Result<(), Error> {
        let person = self.reviewer(acting)?;
        let mut faults = Vec::new();
        for (i, judgement) in judgements.iter().enumerate() {
            let Some(row) = self.acceptance_criteria.iter_mut().find(|row| row.key == judgement.key) else {
                let detail = "the deliverable has no criterion with this key";
                faults.push(Fault::new(format!("/{field}/{i}/key"), "NOT_FOUND", detail));
                continue;
            };
            row.result = Some(judgement.result);
            row.note.clone_from(&judgement.note);
            (row.judged_by, row.judged_at) = (Some(person), Some(acting.now));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }

    /// The reviewer: a person other than the one who submitted.
    fn reviewer(&self, acting: &Acting) -> Result<Id<Person>, Error> {
        let person = acting.person().ok_or_else(|| {
            Error::new(
                Reason::Forbidden,
                "only a person can review a deliverable; this token does not belong to a person",
            )
        })?;
        if self.submitted_by.as_ref().is_some_and(|by| by.0 == person.to_string()) {
            return Err(Error::new(
                Reason::Forbidden,
                "a deliverable must be reviewed by someone other than the person who submitted it",
            ));
        }
        Ok(person)
    }

    /// Changes the state and records the reviewer.
    fn review(
        &mut self,
        to: DeliverableState,
        results: &[CriterionJudgement],
        note: Option<&Text<4000>>,
        acting: &Acting,
    ) -> Result<(), Error> {
        self.state.go(to)?;
        self.judge(results, "results", acting)?;
        self.reviewed_by = acting.person();
        self.reviewed_at = Some(acting.now);
        self.review_note = note.cloned();
        Ok(())
    }

    /// Fails while a criterion does not have the required result.
    fn require(&self, wanted: &str, holds: impl Fn(Option<CriterionResult>) -> bool) -> Result<(), Error> {
        let open = self.acceptance_criteria.iter().filter(|row| !holds(row.result));
        let keys: Vec<&str> = open.map(|row| row.key.as_str()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let detail = format!("every criterion must be {wanted}; these are not: {}", keys.join(", "));
        Err(Error::new(Reason::WrongState, detail))
    }
}
