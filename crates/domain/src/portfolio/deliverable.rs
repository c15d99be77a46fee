//! Deliverables: what is handed over, how it earns, and who accepts it.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::person::Person;
use crate::program::{Program, check_span};
use crate::progress::{Earning, Leaf, Standing, Sums};
use crate::project::Project;
use crate::ratio::Ratio;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};
use crate::words::Words;

/// What counts against its neighbours: any scale, as long as it is one.
pub type Weight = Whole<0, 1_000_000>;

/// Something a program or project hands over, accepted by someone else than who submits it.
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
    /// The program it belongs to; that of its project where one is named.
    #[field(create, filter, parent, inherited)]
    pub program_id: Option<Id<Program>>,
    /// The project it belongs to, one of that program; none where it is the program's own.
    #[field(create, filter, parent)]
    pub project_id: Option<Id<Project>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// What it is.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Who answers for it.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// What it is accepted by. They stand still from when it is submitted until it is rejected.
    #[field(write)]
    pub acceptance_criteria: Vec<AcceptanceCriterion>,
    /// What it counts in roll-ups of progress, on any one scale; 1 when absent.
    #[field(write, filter)]
    pub weight: Option<Weight>,
    /// How it earns; `zero_hundred` when absent.
    #[field(write, filter)]
    pub earning_rule: Option<EarningRule>,
    /// Share done as judged by who does it, from 0 to 1; what the rule `percent` earns before acceptance, as long as no
    /// review of a vendor's milestone has accepted anything.
    #[field(write, filter)]
    pub percent_complete: Option<Ratio>,
    /// Share that reviews of its vendors' milestones have accepted, by the weights of those that were claimed, from 0 to 1.
    #[field(filter)]
    pub accepted_percent: Option<Ratio>,
    /// The same share as those vendors claim it: no fact, and never less than what is accepted.
    #[field(filter)]
    pub claimed_percent: Option<Ratio>,
    /// Planned first day.
    #[field(write, filter)]
    pub planned_start_on: Option<Day>,
    /// Planned last day.
    #[field(write, filter)]
    pub planned_finish_on: Option<Day>,
    /// First day as forecast now.
    #[field(write, filter)]
    pub forecast_start_on: Option<Day>,
    /// Last day as forecast now.
    #[field(write, filter)]
    pub forecast_finish_on: Option<Day>,
    /// First day in fact.
    #[field(write, filter)]
    pub actual_start_on: Option<Day>,
    /// Last day in fact.
    #[field(write, filter)]
    pub actual_finish_on: Option<Day>,
    /// Where in its life it is.
    #[field(filter)]
    pub state: DeliverableState,
    /// When it was first started (UTC).
    #[field(filter)]
    pub started_at: Option<Instant>,
    /// Who submitted it last: a person or a service account.
    #[field(filter)]
    pub submitted_by: Option<crate::actor::Actor>,
    /// When it was submitted last (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// Who accepted or rejected it last.
    #[field(filter)]
    pub reviewed_by: Option<Id<Person>>,
    /// When it was accepted or rejected last (UTC).
    #[field(filter)]
    pub reviewed_at: Option<Instant>,
    /// The reservations under which it is accepted, or why it was rejected.
    #[field(system)]
    pub review_note: Option<Text<4000>>,
}

/// One thing a deliverable is accepted by. Its result is set when it is judged and falls away when its text changes.
#[input(value)]
pub struct AcceptanceCriterion {
    /// Handle that stays when the text changes, unique in the deliverable.
    pub key: Code,
    /// What must hold.
    pub text: Text<1000>,
    /// What must be shown as evidence.
    pub evidence_required: Option<Text<1000>>,
    /// Whether it holds; set by judging, a caller can only repeat it.
    pub result: Option<CriterionResult>,
    /// Who judged it; set by judging.
    pub judged_by: Option<Id<Person>>,
    /// When it was judged (UTC); set by judging.
    pub judged_at: Option<Instant>,
    /// What was said of it; set by judging.
    pub note: Option<Text<1000>>,
}

/// Whether an acceptance criterion holds.
#[words]
pub enum CriterionResult {
    /// It holds.
    Met,
    /// It does not hold.
    NotMet,
}

/// The judgement of one acceptance criterion.
#[input(value)]
pub struct CriterionJudgement {
    /// The key of the criterion.
    pub key: Code,
    /// Whether it holds.
    pub result: CriterionResult,
    /// What is said of it, such as where the evidence is.
    pub note: Option<Text<1000>>,
}

/// How a deliverable earns its weight.
#[words]
#[derive(Default)]
pub enum EarningRule {
    /// Nothing before it is accepted, then all.
    #[default]
    ZeroHundred,
    /// Half when it is started, all when it is accepted.
    FiftyFifty,
    /// Its percent complete, all when it is accepted.
    Percent,
    /// The share of the weight of its milestones that is accepted, all when it is accepted itself.
    Milestones,
    /// With time, so that it measures nothing: it is left out of progress and shown beside it.
    LevelOfEffort,
}

/// Where in its life a deliverable is.
#[words(states)]
#[derive(Default)]
pub enum DeliverableState {
    /// Not begun.
    #[default]
    Planned,
    /// Being made.
    InProgress,
    /// Handed in, waiting for its review.
    Submitted,
    /// Accepted whole.
    Accepted,
    /// Accepted, with something still to mend.
    AcceptedWithReservations,
    /// Not accepted; it can be taken up again.
    Rejected,
    /// Will not be made.
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

    /// Whether what it is accepted by may still be agreed on.
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
                let detail = "is set by judging; leave it out or repeat it as it is";
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
            faults.push(Fault::new("/program_id", "REQUIRED", "is required where no project is named"));
        }
        check_span("planned", self.planned_start_on, self.planned_finish_on, faults);
        check_span("forecast", self.forecast_start_on, self.forecast_finish_on, faults);
        check_span("actual", self.actual_start_on, self.actual_finish_on, faults);
        for (i, row) in self.acceptance_criteria.iter().enumerate() {
            if self.acceptance_criteria[..i].iter().any(|before| before.key == row.key) {
                let pointer = format!("/acceptance_criteria/{i}/key");
                faults.push(Fault::new(pointer, "DUPLICATE", "one criterion a key"));
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
    /// How it earns. What is accepted of it has earned all.
    pub(crate) fn earning(&self) -> Earning {
        let ratio = Ratio::from_millionths;
        let accepted = self.state.is_accepted();
        let begun = self.started_at.is_some() || self.actual_start_on.is_some();
        // What is not begun has earned nothing, whether or not somebody says so.
        let unmeasured = ratio(0).filter(|_| !begun);
        let earned = match self.earning_rule.unwrap_or_default() {
            _ if accepted => ratio(Ratio::ONE),
            EarningRule::ZeroHundred => ratio(0),
            EarningRule::FiftyFifty => ratio(if begun { Ratio::ONE / 2 } else { 0 }),
            // What is accepted of its milestones is a fact, which a judgement does not outdo.
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

    /// What it adds to the sums above it, with those of its milestones.
    pub fn sums(&self, milestones: Sums) -> Sums {
        if self.deleted_at.is_some() { Sums::default() } else { self.leaf().sums(milestones) }
    }

    /// Judges criteria, by a person other than who submitted.
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

    /// Who reviews: a person, and not the one who submitted.
    fn reviewer(&self, acting: &Acting) -> Result<Id<Person>, Error> {
        let person = acting.person().ok_or_else(|| {
            Error::new(Reason::Forbidden, "a deliverable is reviewed by a person; this token stands for none")
        })?;
        if self.submitted_by.as_ref().is_some_and(|by| by.0 == person.to_string()) {
            return Err(Error::new(
                Reason::Forbidden,
                "a deliverable is reviewed by someone else than who submitted it",
            ));
        }
        Ok(person)
    }

    /// Moves on and records who reviewed.
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

    /// Refuses while a criterion is not judged, or not as wanted.
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

/// Begins a deliverable, or takes a rejected one up again.
#[input]
pub struct StartDeliverable {
    /// First day in fact, if it is not known yet.
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

/// Hands a deliverable in for review. What was judged before is judged anew.
#[input]
pub struct SubmitDeliverable {
    /// Last day in fact, if it is not known yet.
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

/// Judges acceptance criteria of a submitted deliverable, by a person other than who submitted it.
#[input]
pub struct JudgeDeliverable {
    /// The judgements.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for JudgeDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "judge";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        if deliverable.state != DeliverableState::Submitted {
            let detail = format!("criteria are judged when it is submitted; it is {}", deliverable.state.word());
            return Err(Error::new(Reason::WrongState, detail));
        }
        deliverable.judge(&self.results, "results", acting)
    }
}

/// Accepts a deliverable whose criteria are all met, by a person other than who submitted it.
#[input]
pub struct AcceptDeliverable {
    /// Judgements of criteria that are made with it.
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

/// Accepts a deliverable with something still to mend, by a person other than who submitted it.
#[input]
pub struct AcceptWithReservationsDeliverable {
    /// What is still to be mended.
    pub reservations: Text<4000>,
    /// Judgements of criteria that are made with it.
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

/// Rejects a deliverable, by a person other than who submitted it.
#[input]
pub struct RejectDeliverable {
    /// Why it is not accepted.
    pub reason: Text<4000>,
    /// Judgements of criteria that are made with it.
    pub results: Vec<CriterionJudgement>,
}

impl Verb for RejectDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "reject";
    fn decide_by(&self, deliverable: &mut Deliverable, acting: &Acting) -> Result<(), Error> {
        deliverable.review(DeliverableState::Rejected, &self.results, Some(&self.reason), acting)
    }
}

/// Ends a deliverable that will not be made. What it earned stays, the rest of its weight falls away.
#[input]
pub struct CancelDeliverable {}

impl Verb for CancelDeliverable {
    type On = Deliverable;
    const NAME: &'static str = "cancel";
    fn decide(&self, deliverable: &mut Deliverable, _now: Instant) -> Result<(), Error> {
        deliverable.state.go(DeliverableState::Cancelled)
    }
}
