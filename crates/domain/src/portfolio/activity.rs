//! Activities: scheduled pieces of work, imported or synced rather than typed.

use steerco_derive::{input, resource, words};

use crate::error::Fault;
use crate::field::Whole;
use crate::id::Id;
use crate::money::Money;
use crate::program::{Program, check_span};
use crate::project::Project;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules};
use crate::text::Text;
use crate::time::Day;
use crate::work_calendar::WorkCalendar;

/// An amount of working time or work.
pub type Amount = Whole<0, 1_000_000_000>;
/// An amount of working time, or of its lack.
pub type Float = Whole<-1_000_000_000, 1_000_000_000>;

/// A scheduled piece of work of a project.
#[resource(prefix = "act", plural = "activities", scope = "InProgram")]
pub struct Activity {
    /// The program it belongs to: that of its project.
    #[field(create, filter, parent, inherited)]
    pub program_id: Option<Id<Program>>,
    /// The project it is a part of.
    #[field(create, filter, parent)]
    pub project_id: Id<Project>,
    /// Its place in the work breakdown structure, in the project's own notation.
    #[field(write, filter)]
    pub wbs_code: Option<Text<100>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Working time it takes, in `duration_unit`.
    #[field(write, filter)]
    pub duration: Option<Amount>,
    /// Working time it still takes, in `duration_unit`.
    #[field(write, filter)]
    pub remaining_duration: Option<Amount>,
    /// What durations are counted in; days are those of the calendar.
    #[field(write, filter)]
    pub duration_unit: Option<DurationUnit>,
    /// The calendar it is worked by.
    #[field(write, filter)]
    pub calendar_id: Option<Id<WorkCalendar>>,
    /// What binds its dates beside its predecessors.
    #[field(write, filter)]
    pub constraint_type: Option<ConstraintType>,
    /// The day of the constraint.
    #[field(write, filter)]
    pub constraint_on: Option<Day>,
    /// How its percent complete is measured; as stated when absent.
    #[field(write, filter)]
    pub percent_type: Option<PercentType>,
    /// Share done as judged on the spot, from 0 to 1.
    #[field(write, filter)]
    pub physical_percent_complete: Option<Ratio>,
    /// Share done by its percent type, from 0 to 1, rounded half up at the millionth; absent where what it is measured by
    /// is not known.
    #[field(filter)]
    pub percent_complete: Option<Ratio>,
    /// Money planned for all of it.
    #[field(write, filter)]
    pub budget_at_completion: Option<Money>,
    /// Work done so far, in minutes.
    #[field(write, filter)]
    pub actual_work_minutes: Option<Amount>,
    /// Work still to do, in minutes.
    #[field(write, filter)]
    pub remaining_work_minutes: Option<Amount>,
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
    /// What sort of work it is; a task when absent.
    #[field(write, filter)]
    pub activity_type: Option<ActivityType>,
    /// First day by the baseline of the scheduling tool.
    #[field(write, filter)]
    pub baseline_start_on: Option<Day>,
    /// Last day by that baseline.
    #[field(write, filter)]
    pub baseline_finish_on: Option<Day>,
    /// Working time by that baseline, in `duration_unit`.
    #[field(write, filter)]
    pub baseline_duration: Option<Amount>,
    /// Money by that baseline.
    #[field(write, filter)]
    pub baseline_cost: Option<Money>,
    /// Money spent so far, as the scheduling tool says; what finance says stands in the ledger.
    #[field(write, filter)]
    pub actual_cost: Option<Money>,
    /// Money still to be spent, as the scheduling tool says.
    #[field(write, filter)]
    pub remaining_cost: Option<Money>,
    /// By how many working minutes it can slip without moving the end of the schedule, as the scheduling tool computed
    /// it by its own rules; below zero where it is late already.
    #[field(write, filter)]
    pub total_float_minutes: Option<Float>,
    /// By how many working minutes it can slip without moving a successor, as the scheduling tool computed it.
    #[field(write, filter)]
    pub free_float_minutes: Option<Float>,
    /// The day by which it should be finished, which moves nothing.
    #[field(write, filter)]
    pub deadline_on: Option<Day>,
    /// Who and what works on it, as the scheduling tool says.
    #[field(write)]
    pub resources: Vec<ActivityResource>,
    /// What is noted of it.
    #[field(write)]
    pub notes: Option<Text<4000>>,
}

/// Somebody or something that works on an activity.
#[input(value)]
pub struct ActivityResource {
    /// Its name in the scheduling tool.
    pub name: Text<200>,
    /// Its work on the activity, in minutes.
    pub work_minutes: Option<Amount>,
    /// What its work costs.
    pub cost: Option<Money>,
}

/// What sort of work an activity is.
#[words]
pub enum ActivityType {
    /// Work with a beginning and an end.
    Task,
    /// A point in time.
    Milestone,
    /// Work that goes on beside others and takes as long as they do.
    LevelOfEffort,
    /// What holds others together; its dates and costs are theirs.
    Summary,
}

/// What durations are counted in.
#[words]
pub enum DurationUnit {
    /// Working minutes.
    Minutes,
    /// Working days.
    Days,
}

/// What binds the dates of an activity beside its predecessors.
#[words]
pub enum ConstraintType {
    /// Nothing: as early as its predecessors let it.
    AsSoonAsPossible,
    /// Nothing: as late as its successors let it.
    AsLateAsPossible,
    /// It starts on the day.
    MustStartOn,
    /// It finishes on the day.
    MustFinishOn,
    /// It starts on the day or later.
    StartNoEarlierThan,
    /// It starts on the day or earlier.
    StartNoLaterThan,
    /// It finishes on the day or later.
    FinishNoEarlierThan,
    /// It finishes on the day or earlier.
    FinishNoLaterThan,
}

/// How percent complete is measured.
#[words]
pub enum PercentType {
    /// As judged on the spot.
    Physical,
    /// By time: what of the duration does not remain.
    Duration,
    /// By work: what is done of what is done and remains.
    Work,
}

impl Activity {
    fn measured(&self) -> Option<Ratio> {
        match self.percent_type {
            None | Some(PercentType::Physical) => self.physical_percent_complete,
            Some(PercentType::Duration) => {
                let (all, rest) = (self.duration?.get(), self.remaining_duration?.get());
                share(all.saturating_sub(rest).max(0), all)
            }
            Some(PercentType::Work) => {
                let (done, rest) = (self.actual_work_minutes?.get(), self.remaining_work_minutes?.get());
                share(done, done.checked_add(rest)?)
            }
        }
    }

    fn check_constraint(&self, faults: &mut Vec<Fault>) {
        let dated = !matches!(
            self.constraint_type,
            None | Some(ConstraintType::AsSoonAsPossible | ConstraintType::AsLateAsPossible)
        );
        if dated && self.constraint_on.is_none() {
            faults.push(Fault::new("/constraint_on", "REQUIRED", "is required by this constraint"));
        }
        if !dated && self.constraint_on.is_some() {
            faults.push(Fault::new("/constraint_on", "DOES_NOT_FIT", "only a constraint to a day has one"));
        }
    }
}

/// A part of a whole in millionths; of nothing there is no part.
fn share(part: i32, whole: i32) -> Option<Ratio> {
    let (part, whole) = (i64::from(part), i64::from(whole));
    let millionths = (whole > 0).then(|| (part * i64::from(Ratio::ONE) * 2 + whole) / (whole * 2))?;
    i32::try_from(millionths).ok().and_then(Ratio::from_millionths)
}

impl Rules for Activity {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        check_span("planned", self.planned_start_on, self.planned_finish_on, faults);
        check_span("forecast", self.forecast_start_on, self.forecast_finish_on, faults);
        check_span("actual", self.actual_start_on, self.actual_finish_on, faults);
        check_span("baseline", self.baseline_start_on, self.baseline_finish_on, faults);
        self.check_constraint(faults);
        let durations = [self.duration, self.remaining_duration, self.baseline_duration];
        let timed = durations.iter().any(Option::is_some);
        if timed && self.duration_unit.is_none() {
            faults.push(Fault::new("/duration_unit", "REQUIRED", "is required with a duration"));
        }
        self.percent_complete = self.measured();
    }

    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::{Value, json};

    fn activity(body: &Value) -> Result<Activity, crate::Error> {
        let at = Instant::from_micros(0);
        let mut whole = json!({"project_id": "proj_00000000000000000000000001", "title": "A"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        Activity::create(whole.as_object().unwrap(), &Seed { id: 1, at, effective_at: at, by: Actor::system() })
    }

    /// Percent complete by type as Primavera P6 computes it: facts of `junit/data/generated/task-percentcomplete/
    /// percent-complete-8.4.xer` of <https://github.com/joniles/mpxj> at 764fe84, hours as minutes.
    #[test]
    fn percent_complete_of_a_published_example() {
        let duration = |rest: i32| {
            json!({"percent_type": "duration", "duration_unit": "minutes", "duration": 48_000,
                "remaining_duration": rest * 60, "actual_work_minutes": 0, "remaining_work_minutes": 0})
        };
        let physical = |share: f64| {
            json!({"percent_type": "physical", "duration_unit": "minutes", "duration": 48_000,
                "remaining_duration": 48_000, "physical_percent_complete": share})
        };
        let work = |done: i32, rest: i32| {
            json!({"percent_type": "work", "duration_unit": "minutes", "duration": 48_000, "remaining_duration": 48_000,
                "actual_work_minutes": done * 60, "remaining_work_minutes": rest * 60})
        };
        let published = [
            (duration(800), 0),
            (duration(600), 250_000),
            (duration(200), 750_000),
            (duration(0), 1_000_000),
            (physical(0.0), 0),
            (physical(0.25), 250_000),
            (physical(0.75), 750_000),
            (physical(1.0), 1_000_000),
            (work(0, 100), 0),
            (work(25, 75), 250_000),
            (work(75, 25), 750_000),
            (work(100, 0), 1_000_000),
        ];
        for (body, expected) in published {
            assert_eq!(activity(&body).unwrap().percent_complete.unwrap().millionths(), expected, "{body}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_measured() {
        for body in [
            json!({}),
            json!({"percent_type": "duration", "duration_unit": "days", "duration": 5}),
            json!({"percent_type": "duration", "duration_unit": "days", "duration": 0, "remaining_duration": 0}),
            json!({"percent_type": "work", "actual_work_minutes": 0, "remaining_work_minutes": 0}),
        ] {
            assert_eq!(activity(&body).unwrap().percent_complete, None, "{body}");
        }
        let longer =
            json!({"percent_type": "duration", "duration_unit": "days", "duration": 5, "remaining_duration": 7});
        assert_eq!(activity(&longer).unwrap().percent_complete.unwrap().millionths(), 0);
    }

    #[test]
    fn rules_between_fields() {
        let faults = |body: Value| -> Vec<String> {
            let faults = activity(&body).unwrap_err().faults;
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        };
        assert_eq!(faults(json!({"duration": 5})), ["/duration_unit REQUIRED"]);
        assert_eq!(faults(json!({"constraint_type": "must_start_on"})), ["/constraint_on REQUIRED"]);
        assert_eq!(faults(json!({"constraint_on": "2026-01-01"})), ["/constraint_on DOES_NOT_FIT"]);
    }
}
