//! Activities: scheduled pieces of work, usually imported or synchronised from a scheduling tool.

use steerco_derive::{input, resource, words};

use crate::clock_time::ClockTime;
use crate::dependency::LagKind;
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
/// A float: positive, or negative where there is too little time.
pub type Float = Whole<-1_000_000_000, 1_000_000_000>;

/// A scheduled piece of work of a project.
#[resource(prefix = "act", plural = "activities", scope = "InProgram")]
pub struct Activity {
    /// Program that the activity belongs to: the program of its project.
    #[field(create, filter, parent, inherited)]
    pub program_id: Option<Id<Program>>,
    /// Project that the activity belongs to.
    #[field(create, filter, parent)]
    pub project_id: Id<Project>,
    /// Code in the work breakdown structure (WBS), in the project's own notation.
    #[field(write, filter)]
    pub wbs_code: Option<Text<100>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Duration in working time, in `duration_unit`.
    #[field(write, filter)]
    pub duration: Option<Amount>,
    /// Remaining duration in working time, in `duration_unit`.
    #[field(write, filter)]
    pub remaining_duration: Option<Amount>,
    /// Unit of the durations. A day has the working minutes per day of the calendar.
    #[field(write, filter)]
    pub duration_unit: Option<DurationUnit>,
    /// Work calendar of the activity.
    #[field(write, filter)]
    pub calendar_id: Option<Id<WorkCalendar>>,
    /// Schedule constraint that applies in addition to its predecessors.
    #[field(write, filter)]
    pub constraint_type: Option<ConstraintType>,
    /// Day of the constraint.
    #[field(write, filter)]
    pub constraint_on: Option<Day>,
    /// Method by which percent complete is measured; `physical` if absent.
    #[field(write, filter)]
    pub percent_type: Option<PercentType>,
    /// Physical percent complete, assessed by the people who do the work, from 0 to 1.
    #[field(write, filter)]
    pub physical_percent_complete: Option<Ratio>,
    /// Percent complete by `percent_type`, from 0 to 1, rounded half up at the millionth. Absent if the values it is computed
    /// from are unknown.
    #[field(filter)]
    pub percent_complete: Option<Ratio>,
    /// Budget at completion (BAC).
    #[field(write, filter)]
    pub budget_at_completion: Option<Money>,
    /// Actual work to date, in minutes.
    #[field(write, filter)]
    pub actual_work_minutes: Option<Amount>,
    /// Remaining work, in minutes.
    #[field(write, filter)]
    pub remaining_work_minutes: Option<Amount>,
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
    /// Type of the activity; `task` if absent.
    #[field(write, filter)]
    pub activity_type: Option<ActivityType>,
    /// First day in the baseline of the scheduling tool.
    #[field(write, filter)]
    pub baseline_start_on: Option<Day>,
    /// Last day in the baseline of the scheduling tool.
    #[field(write, filter)]
    pub baseline_finish_on: Option<Day>,
    /// Duration in the baseline of the scheduling tool, in `duration_unit`.
    #[field(write, filter)]
    pub baseline_duration: Option<Amount>,
    /// Cost in the baseline of the scheduling tool.
    #[field(write, filter)]
    pub baseline_cost: Option<Money>,
    /// Actual cost to date, as reported by the scheduling tool. Actual cost reported by finance is in the ledger.
    #[field(write, filter)]
    pub actual_cost: Option<Money>,
    /// Remaining cost, as reported by the scheduling tool.
    #[field(write, filter)]
    pub remaining_cost: Option<Money>,
    /// Total float: working minutes by which the activity can slip without delaying the end of the schedule, as computed by
    /// the scheduling tool. Negative if the activity is already late.
    #[field(write, filter)]
    pub total_float_minutes: Option<Float>,
    /// Free float: working minutes by which the activity can slip without delaying a successor, as computed by the scheduling
    /// tool.
    #[field(write, filter)]
    pub free_float_minutes: Option<Float>,
    /// Day by which the activity should be finished. It does not move any date.
    #[field(write, filter)]
    pub deadline_on: Option<Day>,
    /// People and resources assigned to the activity, as reported by the scheduling tool.
    #[field(write)]
    pub resources: Vec<ActivityResource>,
    /// Notes.
    #[field(write)]
    pub notes: Option<Text<4000>>,
    /// Kind of time in which the durations are counted; working time if absent. A day of elapsed time has 24 hours.
    #[field(write, filter)]
    pub duration_kind: Option<LagKind>,
    /// Time of the start on the first day (actual, else forecast); the start of work on that day if absent. Times are in the
    /// time zone of the calendar.
    #[field(write)]
    pub start_time: Option<ClockTime>,
    /// Time of the finish on the last day (actual, else forecast); the end of work on that day if absent. The start of work
    /// on that day stands for the start of work on the next working day.
    #[field(write)]
    pub finish_time: Option<ClockTime>,
    /// Time of the start on the first day of the baseline; the start of work if absent.
    #[field(write)]
    pub baseline_start_time: Option<ClockTime>,
    /// Time of the finish on the last day of the baseline, as in `finish_time`.
    #[field(write)]
    pub baseline_finish_time: Option<ClockTime>,
    /// Time of the constraint on its day; the start or end of work if absent.
    #[field(write)]
    pub constraint_time: Option<ClockTime>,
    /// Time of the deadline on its day; the end of work if absent.
    #[field(write)]
    pub deadline_time: Option<ClockTime>,
}

/// A person or resource assigned to an activity.
#[input(value)]
pub struct ActivityResource {
    /// Name in the scheduling tool.
    pub name: Text<200>,
    /// Assigned work, in minutes.
    pub work_minutes: Option<Amount>,
    /// Cost of the assigned work.
    pub cost: Option<Money>,
}

/// Type of an activity.
#[words]
pub enum ActivityType {
    /// Work with a start and a finish.
    Task,
    /// A point in time.
    Milestone,
    /// Supporting work that lasts as long as the work it supports.
    LevelOfEffort,
    /// A group of activities. Its dates and costs are those of its activities.
    Summary,
}

/// Unit of durations.
#[words]
pub enum DurationUnit {
    /// Working minutes.
    Minutes,
    /// Working days.
    Days,
}

/// Schedule constraint of an activity.
#[words]
pub enum ConstraintType {
    /// None: as early as the predecessors allow.
    AsSoonAsPossible,
    /// None: as late as the successors allow.
    AsLateAsPossible,
    /// Starts on this day.
    MustStartOn,
    /// Finishes on this day.
    MustFinishOn,
    /// Starts on this day or later.
    StartNoEarlierThan,
    /// Starts on this day or earlier.
    StartNoLaterThan,
    /// Finishes on this day or later.
    FinishNoEarlierThan,
    /// Finishes on this day or earlier.
    FinishNoLaterThan,
}

/// Method by which percent complete is measured.
#[words]
pub enum PercentType {
    /// Physical percent complete, as assessed.
    Physical,
    /// By duration: (duration − remaining duration) / duration.
    Duration,
    /// By work: actual work / (actual + remaining work).
    Work,
}

impl Activity {
    fn measured(&self) -> Option<Ratio> {
        match self.percent_type {
            None | Some(PercentType::Physical) => self.physical_percent_complete,
            Some(PercentType::Duration) => {
                let (all, rest) = (self.duration?.get(), self.remaining_duration?.get());
                share(all.saturating_sub(rest).max(0), all).or_else(|| self.finished())
            }
            Some(PercentType::Work) => {
                let (done, rest) = (self.actual_work_minutes?.get(), self.remaining_work_minutes?.get());
                share(done, done.checked_add(rest)?).or_else(|| self.finished())
            }
        }
    }

    /// Nothing to measure by, as in a milestone: it is complete once it has finished.
    fn finished(&self) -> Option<Ratio> {
        self.actual_finish_on.and_then(|_| Ratio::from_millionths(Ratio::ONE))
    }

    fn check_constraint(&self, faults: &mut Vec<Fault>) {
        let dated = !matches!(
            self.constraint_type,
            None | Some(ConstraintType::AsSoonAsPossible | ConstraintType::AsLateAsPossible)
        );
        if dated && self.constraint_on.is_none() {
            faults.push(Fault::new("/constraint_on", "REQUIRED", "is required for this type of constraint"));
        }
        if !dated && self.constraint_on.is_some() {
            faults.push(Fault::new(
                "/constraint_on",
                "DOES_NOT_FIT",
                "is allowed only for a constraint type with a day",
            ));
        }
    }
}

/// Share in millionths, rounded half up; `None` if the whole is zero.
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
        let done = json!({"percent_type": "duration", "duration_unit": "minutes", "duration": 0, "remaining_duration": 0,
            "actual_finish_on": "2026-03-10"});
        assert_eq!(activity(&done).unwrap().percent_complete.unwrap().millionths(), 1_000_000, "a milestone is met");
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
