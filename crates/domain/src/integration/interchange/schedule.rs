//! A schedule as every scheduling tool knows one: calendars, tasks, links. Readers of formats fill it, and it becomes
//! records: calendars, projects, activities, milestones, dependencies, in this order.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::hours::{Hours, clock};
use super::{Record, Sink, fitted};
use crate::activity::{ActivityType, ConstraintType, PercentType};
use crate::dependency::{LagKind, Relation};
use crate::error::{Error, Fault, Reason};
use crate::money::{Amount, Currency};
use crate::words::Words;

/// Tasks a schedule may have.
pub const TASKS_MAX: usize = 100_000;
/// Links between them.
pub const LINKS_MAX: usize = 400_000;
/// Resources of one task that are kept.
const RESOURCES_MAX: usize = 100;

/// Where a schedule is to go.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The project its tasks belong to; where there is none the file's own projects are made in the program.
    pub project_id: Option<String>,
    /// The program in which projects are made.
    pub program_id: Option<String>,
    /// The deliverable whose milestones its milestones become; where there is none they are activities.
    pub deliverable_id: Option<String>,
    /// The engagement whose milestones they become.
    pub engagement_id: Option<String>,
    /// Time zone of its calendars, which no format states.
    pub time_zone: String,
    /// Whether its calendars are left out.
    pub without_calendars: bool,
}

impl Target {
    fn has_milestones(&self) -> bool {
        self.deliverable_id.is_some() || self.engagement_id.is_some()
    }
}

#[derive(Default)]
pub(super) struct Schedule {
    pub(super) projects: Vec<PlanProject>,
    pub(super) calendars: Vec<PlanCalendar>,
    pub(super) tasks: Vec<PlanTask>,
    pub(super) links: Vec<PlanLink>,
    /// What was passed over, by its path in the file, and how often.
    pub(super) others: BTreeMap<String, usize>,
    /// What is not as it should be of the file as a whole.
    pub(super) notes: Vec<Fault>,
    /// Records that nothing here can hold, told one by one.
    pub(super) lost: Vec<Record>,
}

#[derive(Default)]
pub(super) struct PlanProject {
    pub(super) key: String,
    pub(super) name: String,
    /// Its short name, where it has one.
    pub(super) code: Option<String>,
    pub(super) currency: Option<Currency>,
    pub(super) start: Option<DateTime>,
    pub(super) finish: Option<DateTime>,
    pub(super) minutes_per_day: i64,
    pub(super) calendar: Option<String>,
}

pub(super) struct PlanCalendar {
    pub(super) place: String,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) minutes_per_day: Option<i64>,
    pub(super) hours: Hours,
    pub(super) notes: Vec<Fault>,
}

/// A span of time.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) start: Option<DateTime>,
    pub(super) finish: Option<DateTime>,
}

/// Money of the file, in ten-thousandths.
#[derive(Clone, Copy, Default)]
pub(super) struct Costs {
    pub(super) all: Option<i64>,
    pub(super) actual: Option<i64>,
    pub(super) remaining: Option<i64>,
    pub(super) baseline: Option<i64>,
}

#[derive(Default)]
pub(super) struct PlanTask {
    pub(super) place: String,
    /// Its project, by position.
    pub(super) project: usize,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) kind: Option<ActivityType>,
    pub(super) wbs: Option<String>,
    pub(super) notes_text: Option<String>,
    pub(super) calendar: Option<String>,
    /// Minutes of working time, or of elapsed time.
    pub(super) duration: Option<i64>,
    pub(super) elapsed: bool,
    pub(super) remaining: Option<i64>,
    pub(super) baseline_duration: Option<i64>,
    pub(super) percent_type: Option<PercentType>,
    /// In millionths.
    pub(super) physical: Option<i64>,
    pub(super) actual_work: Option<i64>,
    pub(super) remaining_work: Option<i64>,
    pub(super) planned: Span,
    pub(super) forecast: Span,
    pub(super) actual: Span,
    pub(super) baseline: Span,
    pub(super) constraint: Option<(ConstraintType, Option<DateTime>)>,
    pub(super) deadline: Option<DateTime>,
    pub(super) total_float: Option<i64>,
    pub(super) free_float: Option<i64>,
    pub(super) costs: Costs,
    pub(super) resources: Vec<PlanResource>,
    pub(super) notes: Vec<Fault>,
}

pub(super) struct PlanResource {
    pub(super) name: String,
    pub(super) work: Option<i64>,
    pub(super) cost: Option<i64>,
}

impl PlanResource {
    pub(super) fn copied(&self) -> Self {
        Self { name: self.name.clone(), work: self.work, cost: self.cost }
    }
}

/// Whether a task becomes a milestone, and the project it is of, by its key.
type Ends<'a> = HashMap<&'a str, (bool, usize)>;

pub(super) struct PlanLink {
    pub(super) place: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) relation: Relation,
    pub(super) lag: Lag,
    pub(super) notes: Vec<Fault>,
}

/// What passes between two tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lag {
    /// In minutes of this kind of time.
    Minutes(i64, LagKind),
    /// In hundredths of the predecessor's duration.
    Percent(i64, LagKind),
}

pub(super) fn too_many(what: &str, max: usize) -> Error {
    Error::new(Reason::TooLarge, format!("the file has more than {max} {what}"))
}

/// A number of a fixed range as JSON, or a note.
fn bounded(field: &str, value: Option<i64>, min: i64, max: i64, notes: &mut Vec<Fault>) -> Value {
    match value {
        Some(value) if (min..=max).contains(&value) => json!(value),
        Some(value) => {
            notes.push(Fault::new(format!("/{field}"), "OUT_OF_RANGE", format!("{value} lies beyond {min} to {max}")));
            Value::Null
        }
        None => Value::Null,
    }
}

/// Minutes of a day where no calendar says else.
const PER_DAY: i64 = 480;
const MINUTES_MAX: i64 = 1_000_000_000;

impl Schedule {
    /// Hands everything out as records.
    pub(super) fn emit(mut self, target: &Target, sink: Sink<'_>) -> Result<(), Error> {
        if target.without_calendars {
            // Days are those of the service where no calendar says else.
            for project in &mut self.projects {
                project.minutes_per_day = PER_DAY;
            }
        }
        if let Some(id) = target.project_id.as_ref().filter(|_| self.projects.len() > 1) {
            let names: Vec<&str> = self.projects.iter().map(|project| project.name.as_str()).take(20).collect();
            let detail = format!(
                "the file has {} projects ({}), and {id} is one: name a program, in which each becomes one",
                self.projects.len(),
                names.join(", ")
            );
            return Err(Error::fault("/project_id", "SEVERAL_PROJECTS", detail));
        }
        if !self.notes.is_empty() {
            sink(Record::lost("the file", self.notes.clone()))?;
        }
        for calendar in &self.calendars {
            sink(calendar.record(target))?;
        }
        if target.project_id.is_none() {
            for project in &self.projects {
                sink(project.record(target))?;
            }
        }
        let hours: HashMap<&str, &Hours> =
            self.calendars.iter().map(|calendar| (calendar.key.as_str(), &calendar.hours)).collect();
        let (usual, unnamed) = (Hours::default(), PlanProject::default());
        let mut milestones: Ends<'_> = HashMap::new();
        for second in [false, true] {
            for task in &self.tasks {
                let is_milestone = task.kind == Some(ActivityType::Milestone) && target.has_milestones();
                milestones.insert(task.key.as_str(), (is_milestone, task.project));
                if is_milestone == second {
                    let project = &self.projects[task.project];
                    let calendar = task.calendar.as_deref().or(project.calendar.as_deref());
                    let known = calendar.filter(|key| hours.contains_key(key) && !target.without_calendars);
                    let hours = calendar.and_then(|key| hours.get(key)).copied().unwrap_or(&usual);
                    sink(task.record(target, project, (known, hours), is_milestone))?;
                }
            }
        }
        let mut pairs: HashMap<(&str, &str), usize> = HashMap::new();
        for link in &self.links {
            let nth = pairs.entry((link.from.as_str(), link.to.as_str())).or_default();
            *nth += 1;
            let project = milestones.get(link.to.as_str()).and_then(|(_, project)| self.projects.get(*project));
            sink(link.record(*nth, &milestones, project.unwrap_or(&unnamed)))?;
        }
        self.lost.into_iter().try_for_each(&mut *sink)?;
        for (path, count) in self.others {
            let detail = format!("{count} of these have no place here");
            sink(Record::lost("the file", vec![Fault::new(path, "NOT_KEPT", detail)]))?;
        }
        Ok(())
    }
}

impl PlanCalendar {
    fn record(&self, target: &Target) -> Record {
        let mut record = Record { place: self.place.clone(), notes: self.notes.clone(), ..Record::default() };
        if target.without_calendars {
            record.notes.push(Fault::new("", "LEFT_OUT", "the import was asked to leave calendars out"));
            return record;
        }
        record.kind = Some("work_calendar");
        record.external_id.clone_from(&self.key);
        let name = fitted("name", &self.name, 200, &mut record.notes);
        record.set("name", Some(name.unwrap_or_else(|| self.key.clone())));
        record.set("time_zone", Some(target.time_zone.clone()));
        let per_day = bounded("minutes_per_day", self.minutes_per_day, 1, 1_440, &mut record.notes);
        record.set("minutes_per_day", Some(per_day));
        record.set("week", Some(self.hours.week()));
        record.set("exceptions", Some(self.hours.exceptions()));
        record
    }
}

impl PlanProject {
    fn record(&self, target: &Target) -> Record {
        let mut record = Record { place: format!("project {}", self.name), kind: Some("project"), ..Record::default() };
        record.external_id.clone_from(&self.key);
        let code: String = self
            .code
            .as_ref()
            .unwrap_or(&self.name)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
            .collect();
        let code: String = code.chars().take(64).collect();
        record.set("program_id", target.program_id.clone());
        record.set("code", Some(if code.is_empty() { "schedule".to_owned() } else { code }));
        let name = fitted("name", &self.name, 200, &mut record.notes);
        record.set("name", Some(name.unwrap_or_else(|| self.key.clone())));
        record.set("forecast_start_on", self.start.map(|at| at.date().to_string()));
        record.set("forecast_finish_on", self.finish.map(|at| at.date().to_string()));
        record
    }
}

impl PlanTask {
    fn record(
        &self,
        target: &Target,
        project: &PlanProject,
        (calendar, hours): (Option<&str>, &Hours),
        milestone: bool,
    ) -> Record {
        let mut record = Record {
            place: self.place.clone(),
            external_id: self.key.clone(),
            notes: self.notes.clone(),
            ..Record::default()
        };
        let title = fitted("title", &self.title, 200, &mut record.notes);
        record.set("title", Some(title.unwrap_or_else(|| "(no name)".to_owned())));
        if milestone {
            self.fill_milestone(&mut record, target);
            let mut whole = Record::default();
            self.fill_activity(&mut whole, project, calendar, hours);
            note_beyond_milestone(&whole, &mut record);
            return record;
        }
        record.kind = Some("activity");
        match &target.project_id {
            Some(id) => record.set("project_id", Some(id.clone())),
            None => record.links.push(super::Link {
                field: "project_id".to_owned(),
                kind: "project",
                external_id: project.key.clone(),
            }),
        }
        self.fill_activity(&mut record, project, calendar, hours);
        if let Some(key) = self.calendar.as_ref().filter(|_| calendar.is_none() && !target.without_calendars) {
            let detail = format!("it names {key}, which the file does not have");
            record.notes.push(Fault::new("/calendar_id", "NOT_IN_FILE", detail));
        }
        record
    }

    fn fill_activity(&self, record: &mut Record, project: &PlanProject, calendar: Option<&str>, hours: &Hours) {
        self.fill_what(record, calendar);
        self.fill_dates(record, hours);
        self.fill_costs(record, project);
    }

    /// A milestone has a day, and no duration.
    fn fill_milestone(&self, record: &mut Record, target: &Target) {
        record.kind = Some("milestone");
        let day = |at: Option<DateTime>| at.map(|at| at.date().to_string());
        record.set("deliverable_id", target.deliverable_id.clone());
        record.set("engagement_id", target.engagement_id.clone());
        record.body.retain(|_, value| !value.is_null());
        record.set("planned_on", day(self.baseline.finish.or(self.planned.finish)));
        record.set("forecast_on", day(self.forecast.finish));
        record.set("actual_on", day(self.actual.finish));
        let text = self.notes_text.as_deref();
        if let Some(text) = text.and_then(|text| fitted("description", text, 4_000, &mut record.notes)) {
            record.set("description", Some(text));
        }
    }

    fn fill_what(&self, record: &mut Record, calendar: Option<&str>) {
        record.set("activity_type", self.kind.map(Words::word));
        let wbs = self.wbs.as_deref().and_then(|wbs| fitted("wbs_code", wbs, 100, &mut record.notes));
        record.set("wbs_code", wbs);
        let text = self.notes_text.as_deref().and_then(|text| fitted("notes", text, 4_000, &mut record.notes));
        record.set("notes", text);
        if let Some(key) = calendar {
            record.links.push(super::Link {
                field: "calendar_id".to_owned(),
                kind: "work_calendar",
                external_id: key.to_owned(),
            });
        }
        record.set("duration_unit", Some("minutes"));
        record.set("duration_kind", self.elapsed.then(|| LagKind::Elapsed.word()));
        for (field, value, min) in [
            ("duration", self.duration, 0),
            ("remaining_duration", self.remaining, 0),
            ("baseline_duration", self.baseline_duration, 0),
            ("actual_work_minutes", self.actual_work, 0),
            ("remaining_work_minutes", self.remaining_work, 0),
            ("total_float_minutes", self.total_float, -MINUTES_MAX),
            ("free_float_minutes", self.free_float, -MINUTES_MAX),
        ] {
            let value = bounded(field, value, min, MINUTES_MAX, &mut record.notes);
            record.set(field, Some(value));
        }
        record.set("percent_type", self.percent_type.map(Words::word));
        let physical = bounded("physical_percent_complete", self.physical, 0, 1_000_000, &mut record.notes);
        let share = physical
            .as_i64()
            .and_then(|share| i32::try_from(share).ok())
            .and_then(crate::ratio::Ratio::from_millionths);
        record.set("physical_percent_complete", share.map(|share| json!(share.as_number())));
    }

    fn fill_dates(&self, record: &mut Record, hours: &Hours) {
        let starts = |at: Option<DateTime>| at.map(DateTime::date);
        // What takes no time ends where it begins.
        let takes_time = self.duration.is_none_or(|duration| duration > 0);
        // No calendar moves the end of elapsed time.
        let around_the_clock = Hours::default();
        let of_ends = if self.elapsed { &around_the_clock } else { hours };
        let ends = |at: Option<DateTime>| at.map(|at| if takes_time { of_ends.last_day(at) } else { at.date() });
        let minute = |at: DateTime| i16::from(at.hour()) * 60 + i16::from(at.minute());
        let start_time = |at: Option<DateTime>| {
            let at = at.filter(|at| hours.ends(at.date()).map(|(begins, _)| begins) != Some(minute(*at)));
            at.map(|at| clock(minute(at)))
        };
        let end_time = |at: Option<DateTime>, day: Option<Date>| {
            let (at, day) = at.zip(day)?;
            let minute = if day < at.date() && minute(at) == 0 { 1_440 } else { minute(at) };
            (hours.ends(day).map(|(_, ends)| ends) != Some(minute)).then(|| clock(minute))
        };
        for (name, span) in [
            ("planned", self.planned),
            ("forecast", self.forecast),
            ("actual", self.actual),
            ("baseline", self.baseline),
        ] {
            let (start, finish) = (starts(span.start), ends(span.finish));
            let finish = finish.map(|finish| start.map_or(finish, |start| finish.max(start)));
            record.set(&format!("{name}_start_on"), start.map(|day| day.to_string()));
            record.set(&format!("{name}_finish_on"), finish.map(|day| day.to_string()));
            let times = match name {
                "forecast" => "",
                "baseline" => "baseline_",
                _ => continue,
            };
            record.set(&format!("{times}start_time"), start_time(span.start));
            record.set(&format!("{times}finish_time"), end_time(span.finish, finish));
        }
        let (kind, at) = self.constraint.map_or((None, None), |(kind, at)| (Some(kind), at));
        record.set("constraint_type", kind.map(Words::word));
        let ends_there = matches!(
            kind,
            Some(
                ConstraintType::MustFinishOn | ConstraintType::FinishNoEarlierThan | ConstraintType::FinishNoLaterThan
            )
        );
        let day: Option<Date> = if ends_there { ends(at) } else { starts(at) };
        record.set("constraint_on", day.map(|day| day.to_string()));
        record.set("constraint_time", if ends_there { end_time(at, day) } else { start_time(at) });
        let deadline = ends(self.deadline);
        record.set("deadline_on", deadline.map(|day| day.to_string()));
        record.set("deadline_time", end_time(self.deadline, deadline));
    }

    fn fill_costs(&self, record: &mut Record, project: &PlanProject) {
        let Costs { all, actual, remaining, baseline } = self.costs;
        // What is above others only adds them up.
        let own = self.kind != Some(ActivityType::Summary);
        let money = |units: Option<i64>| {
            let currency = project.currency?.code();
            units.filter(|_| own).map(|units| json!({"amount": Amount::new(units).to_string(), "currency": currency}))
        };
        let said = [all, actual, remaining, baseline].into_iter().flatten().any(|units| units != 0);
        if said && own && project.currency.is_none() {
            record.notes.push(Fault::new(
                "/budget_at_completion",
                "NO_CURRENCY",
                "the file names no currency: costs are not kept",
            ));
        }
        record.set("budget_at_completion", money(all));
        record.set("actual_cost", money(actual));
        record.set("remaining_cost", money(remaining));
        record.set("baseline_cost", money(baseline));
        if self.resources.len() > RESOURCES_MAX {
            let detail = format!("only the first {RESOURCES_MAX} of {} are kept", self.resources.len());
            record.notes.push(Fault::new("/resources", "CUT", detail));
        }
        let mut resources = Vec::new();
        for resource in self.resources.iter().take(RESOURCES_MAX) {
            let Some(name) = fitted("resources", &resource.name, 200, &mut record.notes) else { continue };
            let mut one = json!({"name": name});
            let work = bounded("resources", resource.work, 0, MINUTES_MAX, &mut record.notes);
            if !work.is_null() {
                one["work_minutes"] = work;
            }
            if let Some(cost) = money(resource.cost) {
                one["cost"] = cost;
            }
            resources.push(one);
        }
        record.set("resources", Some(resources));
    }
}

/// Notes each value of an activity that its milestone has no place for.
fn note_beyond_milestone(activity: &Record, milestone: &mut Record) {
    let title = milestone.body["title"].clone();
    let day = activity.body["forecast_finish_on"].clone();
    milestone.notes.extend(activity.notes.iter().cloned());
    for (field, value) in &activity.body {
        let nothing = match value {
            Value::Null => true,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::Array(items) => items.is_empty(),
            Value::Object(money) => money.get("amount").is_some_and(|amount| amount == "0.0000"),
            _ => false,
        };
        // What a milestone has under another name, or in every case.
        let kept = matches!(
            field.as_str(),
            "activity_type"
                | "duration_unit"
                | "percent_type"
                | "notes"
                | "planned_finish_on"
                | "forecast_finish_on"
                | "actual_finish_on"
                | "baseline_finish_on"
        );
        let same = field.ends_with("_start_on") && *value == day;
        let usual = field == "constraint_type" && value == ConstraintType::AsSoonAsPossible.word();
        if !(nothing || kept || same || usual) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let detail = format!("{value:.200} of {title:.60} is not kept: a milestone has no such field");
            milestone.notes.push(Fault::new(format!("/{field}"), "NOT_KEPT", detail));
        }
    }
}

impl PlanLink {
    fn record(&self, nth: usize, ends: &Ends<'_>, project: &PlanProject) -> Record {
        let of = |key: &str| ends.get(key).map(|(_, project)| *project);
        // Within a project its name need not be said twice.
        let short = self.to.strip_prefix(&project.key).and_then(|rest| rest.strip_prefix(':'));
        let to = short.filter(|_| of(&self.from) == of(&self.to)).unwrap_or(&self.to);
        let mut record = Record {
            place: self.place.clone(),
            kind: Some("dependency"),
            external_id: format!("{}>{to}", self.from),
            notes: self.notes.clone(),
            ..Record::default()
        };
        if nth > 1 {
            record.external_id = format!("{}#{nth}", record.external_id);
        }
        for (field, key) in [("predecessor_id", &self.from), ("successor_id", &self.to)] {
            if let Some((is_milestone, _)) = ends.get(key.as_str()) {
                let kind = if *is_milestone { "milestone" } else { "activity" };
                record.links.push(super::Link { field: field.to_owned(), kind, external_id: key.clone() });
            } else {
                let detail = format!("it names {key}, which the file does not have");
                record.kind = None;
                record.notes.push(Fault::new(format!("/{field}"), "NOT_IN_FILE", detail));
            }
        }
        record.set("relation", Some(self.relation.word()));
        let (mut days, mut minutes, mut percent, mut kind) = (None, None, None, None);
        match self.lag {
            Lag::Minutes(0, _) | Lag::Percent(0, _) => {}
            Lag::Minutes(lag, of) => {
                let day = if of == LagKind::Elapsed { 1_440 } else { project.minutes_per_day.max(1) };
                if lag % day == 0 {
                    days = Some(lag / day);
                } else {
                    minutes = Some(lag);
                }
                kind = Some(of);
            }
            Lag::Percent(lag, of) => (percent, kind) = (Some(lag), Some(of)),
        }
        let days = bounded("lag_days", days, -36_500, 36_500, &mut record.notes);
        let minutes = bounded("lag_minutes", minutes, -52_560_000, 52_560_000, &mut record.notes);
        let percent = bounded("lag_percent", percent, -1_000, 1_000, &mut record.notes);
        for (field, value) in [("lag_days", days), ("lag_minutes", minutes), ("lag_percent", percent)] {
            record.set(field, Some(value));
        }
        // Working time is what lags are in where nothing is said.
        record.set("lag_kind", kind.filter(|kind| *kind == LagKind::Elapsed).map(Words::word));
        record
    }
}
