//! A project as Microsoft Project's XML: what [`super::mspdi`] reads, written as Microsoft Project writes it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use quick_xml::escape::escape;

use super::hours::Hours;
use crate::activity::{Activity, ActivityType, ConstraintType, DurationUnit, PercentType};
use crate::clock_time::ClockTime;
use crate::dependency::{Dependency, LagKind, Relation};
use crate::id::Id;
use crate::milestone::Milestone;
use crate::money::Money;
use crate::project::Project;
use crate::resource::Resource;
use crate::time::Day;
use crate::work_calendar::WorkCalendar;

/// Everything of a project that a schedule shows.
pub struct Plan<'a> {
    pub project: &'a Project,
    pub activities: &'a [Activity],
    pub milestones: &'a [Milestone],
    pub dependencies: &'a [Dependency],
    pub calendars: &'a [WorkCalendar],
}

/// A day from eight to five, where no calendar says else.
const USUAL: (i16, i16) = (480, 1_020);
const PER_DAY: i64 = 480;
/// The number of the calendar for projects that have none.
const STANDARD: u32 = 1;

/// XML under construction.
#[derive(Default)]
struct Xml(String);

impl Xml {
    fn open(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    fn close(&mut self, name: &str) {
        self.0.extend(["</", name, ">\n"]);
    }

    fn put(&mut self, name: &str, value: impl std::fmt::Display) {
        let text = value.to_string();
        // What XML 1.0 cannot say at all.
        let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.0.extend(["<", name, ">", &escape(clean.as_str()), "</", name, ">"]);
    }

    fn maybe(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

/// One row of the schedule.
enum Row<'a> {
    Activity(&'a Activity),
    Milestone(&'a Milestone),
}

impl Row<'_> {
    fn id(&self) -> String {
        match self {
            Self::Activity(activity) => activity.id_text(),
            Self::Milestone(milestone) => milestone.id_text(),
        }
    }

    fn wbs(&self) -> &str {
        match self {
            Self::Activity(activity) => activity.wbs_code.as_ref().map_or("", |wbs| wbs.as_str()),
            Self::Milestone(_) => "",
        }
    }

    /// The number that an import gave it.
    fn number(&self) -> Option<u32> {
        let refs = match self {
            Self::Activity(activity) => activity.common().external_refs,
            Self::Milestone(milestone) => milestone.common().external_refs,
        };
        let number = refs.0.iter().find_map(|r| r.external_id.as_str().rsplit(':').next()?.parse::<u32>().ok());
        number.filter(|number| (1..1_000_000_000).contains(number))
    }
}

/// Parts of a code, numbers before words and by their size.
fn sort_key(wbs: &str) -> Vec<(bool, u64, String)> {
    let part = |part: &str| match part.parse::<u64>() {
        Ok(number) => (false, number, String::new()),
        Err(_) => (true, 0, part.to_owned()),
    };
    if wbs.is_empty() { vec![(true, 1, String::new())] } else { wbs.split('.').map(part).collect() }
}

/// The document.
pub fn write(plan: &Plan<'_>) -> String {
    let mut rows: Vec<Row<'_>> = plan.activities.iter().map(Row::Activity).collect();
    rows.extend(plan.milestones.iter().map(Row::Milestone));
    rows.sort_by_cached_key(|row| (sort_key(row.wbs()), row.id()));
    let uids = numbered(&rows);
    let calendars: HashMap<Id<WorkCalendar>, OfCalendar<'_>> = of_calendars(plan);
    let usual = usual();
    let of_project = of_project(plan).and_then(|id| calendars.get(&id));
    let mut xml = Xml::default();
    xml.0 += "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    xml.0 += "<Project xmlns=\"http://schemas.microsoft.com/project\">\n";
    head(&mut xml, plan, of_project);
    xml.open("Calendars");
    if of_project.is_none() {
        calendar(&mut xml, STANDARD, "Standard", &usual);
    }
    for of in plan.calendars.iter().filter_map(|calendar| calendars.get(&calendar.id)) {
        calendar(&mut xml, of.uid, of.calendar.name.as_str(), &of.hours);
    }
    xml.close("Calendars");
    let mut links: HashMap<String, Vec<&Dependency>> = HashMap::new();
    for dependency in plan.dependencies {
        links.entry(dependency.successor_id.to_string()).or_default().push(dependency);
    }
    let activities = plan.activities.iter().map(|activity| (activity.id_text(), activity)).collect();
    let context = Context { plan, uids: &uids, links, calendars: &calendars, usual: &usual, of_project, activities };
    xml.open("Tasks");
    let mut level = 0;
    for (i, row) in rows.iter().enumerate() {
        let depth = if row.wbs().is_empty() { 1 } else { row.wbs().split('.').count() };
        // A level is at most one below that of the row before.
        level = depth.min(level + 1).max(1);
        context.task(&mut xml, i + 1, level, row);
    }
    xml.close("Tasks");
    context.resources(&mut xml);
    xml.0 += "</Project>\n";
    xml.0
}

/// A calendar, its number and its hours.
struct OfCalendar<'a> {
    calendar: &'a WorkCalendar,
    uid: u32,
    hours: Hours,
}

impl OfCalendar<'_> {
    fn per_day(&self) -> i64 {
        self.calendar.minutes_per_day.map_or(PER_DAY, |minutes| minutes.get().into())
    }
}

/// The calendars with the numbers that an import gave them where these are free.
fn of_calendars<'a>(plan: &Plan<'a>) -> HashMap<Id<WorkCalendar>, OfCalendar<'a>> {
    let (mut taken, mut next) = (HashSet::from([STANDARD]), STANDARD);
    if of_project(plan).is_some() {
        taken.clear();
    }
    let number = |calendar: &WorkCalendar| {
        let refs = &calendar.common().external_refs;
        refs.0.iter().find_map(|r| r.external_id.as_str().rsplit(':').next()?.parse::<u32>().ok())
    };
    let given: Vec<Option<u32>> = plan
        .calendars
        .iter()
        .map(|calendar| number(calendar).filter(|uid| (1..1_000_000_000).contains(uid) && taken.insert(*uid)))
        .collect();
    let mut uid = |given: Option<u32>| {
        given.unwrap_or_else(|| {
            while !taken.insert(next) {
                next += 1;
            }
            next
        })
    };
    let all = plan.calendars.iter().zip(given);
    all.map(|(calendar, given)| (calendar.id, OfCalendar { calendar, uid: uid(given), hours: hours(calendar) }))
        .collect()
}

/// The calendar of the project: the one that most activities have, if all have one.
fn of_project(plan: &Plan<'_>) -> Option<Id<WorkCalendar>> {
    let mut counts: BTreeMap<String, (usize, Id<WorkCalendar>)> = BTreeMap::new();
    for activity in plan.activities {
        let id = activity.calendar_id.filter(|id| plan.calendars.iter().any(|calendar| calendar.id == *id))?;
        counts.entry(id.to_string()).or_insert((0, id)).0 += 1;
    }
    counts.into_values().max_by_key(|(count, _)| *count).map(|(_, id)| id)
}

/// The numbers of the rows by their ids: those of an import where they are free.
fn numbered(rows: &[Row<'_>]) -> HashMap<String, u32> {
    let (mut taken, mut uids) = (HashSet::new(), HashMap::new());
    for row in rows {
        if let Some(number) = row.number().filter(|number| taken.insert(*number)) {
            uids.insert(row.id(), number);
        }
    }
    let mut next = 1;
    for row in rows {
        uids.entry(row.id()).or_insert_with(|| {
            while !taken.insert(next) {
                next += 1;
            }
            next
        });
    }
    uids
}

fn head(xml: &mut Xml, plan: &Plan<'_>, of_project: Option<&OfCalendar<'_>>) {
    xml.put("SaveVersion", 14);
    xml.put("Name", format!("{}.xml", plan.project.code.as_str()));
    xml.put("Title", &plan.project.name);
    xml.put("ScheduleFromStart", 1);
    let days = plan.activities.iter().flat_map(|a| [a.planned_start_on, a.forecast_start_on, a.actual_start_on]);
    let ends = plan.activities.iter().flat_map(|a| [a.planned_finish_on, a.forecast_finish_on, a.actual_finish_on]);
    xml.maybe("StartDate", days.flatten().min().map(|day| at(day, USUAL.0)));
    xml.maybe("FinishDate", ends.flatten().max().map(|day| at(day, USUAL.1)));
    let currency =
        plan.activities.iter().find_map(|activity| activity.budget_at_completion.map(|money| money.currency));
    if let Some(currency) = currency {
        xml.put("CurrencyDigits", currency.digits());
        xml.put("CurrencyCode", currency.code());
    }
    let per_day = of_project.map_or(PER_DAY, OfCalendar::per_day);
    xml.put("CalendarUID", of_project.map_or(STANDARD, |calendar| calendar.uid));
    xml.put("DefaultStartTime", "08:00:00");
    xml.put("DefaultFinishTime", "17:00:00");
    xml.put("MinutesPerDay", per_day);
    xml.put("MinutesPerWeek", 5 * per_day);
    xml.put("DaysPerMonth", 20);
    xml.put("DurationFormat", 7);
    xml.put("WorkFormat", 2);
    xml.0.push('\n');
}

fn usual() -> Hours {
    let mut hours = Hours::default();
    for day in &mut hours.week[..5] {
        *day = vec![(480, 720), (780, 1_020)];
    }
    hours
}

/// The hours of a calendar of ours.
fn hours(calendar: &WorkCalendar) -> Hours {
    let mut hours = Hours::default();
    let minutes = |time: &ClockTime| minutes_of(*time);
    for row in &calendar.week {
        hours.week[row.weekday as usize].push((minutes(&row.from), minutes(&row.until)));
    }
    for spans in &mut hours.week {
        spans.sort_unstable();
    }
    for exception in &calendar.exceptions.0 {
        let spans = exception.hours.iter().map(|span| (minutes(&span.from), minutes(&span.until))).collect();
        hours.exceptions.insert(exception.day.date(), (exception.name.as_ref().map(ToString::to_string), spans));
    }
    hours
}

fn minutes_of(time: ClockTime) -> i16 {
    i16::try_from(time.minutes()).unwrap_or_default()
}

fn time(minutes: i16) -> String {
    // Midnight at the end of a day is written as that at its beginning.
    let minutes = minutes % 1_440;
    format!("{:02}:{:02}:00", minutes / 60, minutes % 60)
}

fn at(day: Day, minutes: i16) -> String {
    format!("{day}T{}", time(minutes.min(1_439)))
}

fn working_times(xml: &mut Xml, spans: &[(i16, i16)]) {
    xml.put("DayWorking", u8::from(!spans.is_empty()));
    if spans.is_empty() {
        return;
    }
    xml.open("WorkingTimes");
    for (from, until) in spans {
        xml.open("WorkingTime");
        xml.put("FromTime", time(*from));
        xml.put("ToTime", time(*until));
        xml.close("WorkingTime");
    }
    xml.close("WorkingTimes");
}

fn calendar(xml: &mut Xml, uid: u32, name: &str, hours: &Hours) {
    xml.open("Calendar");
    xml.put("UID", uid);
    xml.put("Name", name);
    xml.put("IsBaseCalendar", 1);
    xml.put("BaseCalendarUID", -1);
    xml.open("WeekDays");
    for number in 1..=7_usize {
        // From Sunday on, where ours begins with Monday.
        let spans = &hours.week[(number + 5) % 7];
        xml.open("WeekDay");
        xml.put("DayType", number);
        working_times(xml, spans);
        xml.close("WeekDay");
    }
    xml.close("WeekDays");
    if !hours.exceptions.is_empty() {
        xml.open("Exceptions");
        for (day, (name, spans)) in &hours.exceptions {
            exception(xml, *day, name.as_deref(), spans);
        }
        xml.close("Exceptions");
    }
    xml.close("Calendar");
}

fn exception(xml: &mut Xml, day: Date, name: Option<&str>, spans: &[(i16, i16)]) {
    xml.open("Exception");
    xml.put("EnteredByOccurrences", 0);
    xml.open("TimePeriod");
    xml.put("FromDate", format!("{day}T00:00:00"));
    xml.put("ToDate", format!("{day}T23:59:00"));
    xml.close("TimePeriod");
    xml.put("Occurrences", 1);
    xml.maybe("Name", name);
    xml.put("Type", 1);
    working_times(xml, spans);
    xml.close("Exception");
}

struct Context<'a> {
    plan: &'a Plan<'a>,
    uids: &'a HashMap<String, u32>,
    /// What each row waits for.
    links: HashMap<String, Vec<&'a Dependency>>,
    calendars: &'a HashMap<Id<WorkCalendar>, OfCalendar<'a>>,
    usual: &'a Hours,
    of_project: Option<&'a OfCalendar<'a>>,
    activities: HashMap<String, &'a Activity>,
}

/// Minutes as a duration of ISO 8601.
fn duration(minutes: i64) -> String {
    format!("PT{}H{}M0S", minutes / 60, minutes % 60)
}

/// Money in hundredths.
fn hundredths(money: Money) -> String {
    let (whole, rest) = (money.units / 100, (money.units % 100).abs());
    if rest == 0 {
        whole.to_string()
    } else {
        format!("{}{whole}.{rest:02}", if money.units < 0 && whole == 0 { "-" } else { "" })
    }
}

impl Context<'_> {
    fn task(&self, xml: &mut Xml, number: usize, level: usize, row: &Row<'_>) {
        let id = row.id();
        xml.open("Task");
        xml.maybe("UID", self.uids.get(&id));
        xml.put("ID", number);
        match row {
            Row::Activity(activity) => self.activity(xml, level, activity),
            Row::Milestone(milestone) => {
                xml.put("Name", &milestone.title);
                xml.put("Type", 1);
                xml.put("IsNull", 0);
                xml.put("OutlineLevel", level);
                let day = milestone.actual_on.or(milestone.forecast_on).or(milestone.planned_on);
                xml.maybe("Start", day.map(|day| at(day, USUAL.1)));
                xml.maybe("Finish", day.map(|day| at(day, USUAL.1)));
                xml.put("Duration", duration(0));
                xml.put("DurationFormat", 7);
                xml.put("Milestone", 1);
                xml.put("Summary", 0);
                xml.put("PercentComplete", if milestone.actual_on.is_some() { 100 } else { 0 });
                xml.maybe("ActualStart", milestone.actual_on.map(|day| at(day, USUAL.1)));
                xml.maybe("ActualFinish", milestone.actual_on.map(|day| at(day, USUAL.1)));
                xml.maybe("Notes", milestone.description.as_ref());
            }
        }
        for dependency in self.links.get(&id).into_iter().flatten() {
            self.link(xml, dependency);
        }
        if let Row::Activity(activity) = row {
            self.baseline(xml, activity);
        }
        xml.close("Task");
    }

    fn calendar(&self, activity: &Activity) -> Option<&OfCalendar<'_>> {
        activity.calendar_id.and_then(|id| self.calendars.get(&id))
    }

    fn hours(&self, activity: &Activity) -> &Hours {
        self.calendar(activity).map_or(self.usual, |of| &of.hours)
    }

    /// The start on a day, at this time or when work begins.
    fn start(&self, activity: &Activity, day: Option<Day>, time: Option<ClockTime>) -> Option<String> {
        let day = day?;
        let begins = self.hours(activity).ends(day.date()).map_or(USUAL.0, |(begins, _)| begins);
        Some(at(day, time.map_or(begins, minutes_of)))
    }

    /// The end on a day, at this time or when work ends.
    fn finish(&self, activity: &Activity, day: Option<Day>, time: Option<ClockTime>) -> Option<String> {
        let day = day?;
        let hours = self.hours(activity);
        let Some(minute) = time.map(minutes_of) else {
            let ends = hours.ends(day.date()).map_or(USUAL.1, |(_, ends)| ends);
            return Some(hours.end(day.date(), ends).strftime("%Y-%m-%dT%H:%M:%S").to_string());
        };
        // Elapsed time, and what takes no time, end when they say.
        let as_said = activity.duration_kind == Some(LagKind::Elapsed)
            || activity.duration.is_some_and(|duration| duration.get() == 0);
        let at = if as_said { Hours::default().end(day.date(), minute) } else { hours.end(day.date(), minute) };
        Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
    }

    fn minutes(&self, activity: &Activity, amount: Option<crate::activity::Amount>) -> Option<i64> {
        let amount = i64::from(amount?.get());
        if activity.duration_unit != Some(DurationUnit::Days) {
            return Some(amount);
        }
        let elapsed = activity.duration_kind == Some(LagKind::Elapsed);
        Some(amount * if elapsed { 1_440 } else { self.per_day(Some(activity)) })
    }

    /// Working minutes of a day, by the calendar of an activity or of the project.
    fn per_day(&self, activity: Option<&Activity>) -> i64 {
        let own = activity.and_then(|activity| self.calendar(activity));
        own.or(self.of_project).map_or(PER_DAY, OfCalendar::per_day)
    }

    fn activity(&self, xml: &mut Xml, level: usize, activity: &Activity) {
        let start = |day: Option<Day>| self.start(activity, day, activity.start_time);
        let finish = |day: Option<Day>| self.finish(activity, day, activity.finish_time);
        xml.put("Name", &activity.title);
        xml.put("Type", 1);
        xml.put("IsNull", 0);
        xml.maybe("WBS", activity.wbs_code.as_ref());
        xml.put("OutlineLevel", level);
        let first = activity.actual_start_on.or(activity.forecast_start_on).or(activity.planned_start_on);
        let last = activity.actual_finish_on.or(activity.forecast_finish_on).or(activity.planned_finish_on);
        xml.maybe("Start", start(first));
        xml.maybe("Finish", finish(last));
        let all = self.minutes(activity, activity.duration);
        xml.maybe("Duration", all.map(duration));
        xml.put("DurationFormat", if activity.duration_kind == Some(LagKind::Elapsed) { 8 } else { 7 });
        let (done_work, rest_work) = (activity.actual_work_minutes, activity.remaining_work_minutes);
        let work = done_work.zip(rest_work).map(|(done, rest)| i64::from(done.get()) + i64::from(rest.get()));
        xml.maybe("Work", work.map(duration));
        xml.put("Milestone", u8::from(activity.activity_type == Some(ActivityType::Milestone)));
        xml.put("Summary", u8::from(activity.activity_type == Some(ActivityType::Summary)));
        xml.maybe("TotalSlack", activity.total_float_minutes.map(|minutes| i64::from(minutes.get()) * 10));
        xml.maybe("FreeSlack", activity.free_float_minutes.map(|minutes| i64::from(minutes.get()) * 10));
        let rest = self.minutes(activity, activity.remaining_duration);
        // Of time, by the rule of Microsoft Project: what of the duration does not remain.
        let done =
            all.zip(rest).filter(|(all, _)| *all > 0).map(|(all, rest)| ((all - rest).max(0) * 100 + all / 2) / all);
        let done = done.or(activity.actual_finish_on.map(|_| 100)).or(all.map(|_| 0));
        xml.maybe("PercentComplete", done);
        xml.maybe("ActualStart", start(activity.actual_start_on));
        xml.maybe("ActualFinish", finish(activity.actual_finish_on));
        xml.maybe("RemainingDuration", rest.map(duration));
        xml.maybe("ActualWork", activity.actual_work_minutes.map(|minutes| duration(minutes.get().into())));
        xml.maybe("RemainingWork", activity.remaining_work_minutes.map(|minutes| duration(minutes.get().into())));
        xml.maybe("Cost", activity.budget_at_completion.map(hundredths));
        xml.maybe("ActualCost", activity.actual_cost.map(hundredths));
        xml.maybe("RemainingCost", activity.remaining_cost.map(hundredths));
        let constraint = activity.constraint_type;
        xml.maybe("ConstraintType", constraint.map(|constraint| constraint as u8));
        let ends = matches!(
            constraint,
            Some(
                ConstraintType::MustFinishOn | ConstraintType::FinishNoEarlierThan | ConstraintType::FinishNoLaterThan
            )
        );
        let on = activity.constraint_on;
        let time = activity.constraint_time;
        let on = if ends { self.finish(activity, on, time) } else { self.start(activity, on, time) };
        xml.maybe("ConstraintDate", on);
        let of_project = self.of_project.map(|of| of.uid);
        let own = self.calendar(activity).map(|of| of.uid).filter(|uid| Some(*uid) != of_project);
        xml.put("CalendarUID", own.map_or(-1, i64::from));
        xml.maybe("Deadline", self.finish(activity, activity.deadline_on, activity.deadline_time));
        xml.put("EarnedValueMethod", u8::from(activity.percent_type == Some(PercentType::Physical)));
        let physical = activity.physical_percent_complete.map(|share| (share.millionths() + 5_000) / 10_000);
        xml.maybe("PhysicalPercentComplete", physical);
        xml.maybe("Notes", activity.notes.as_ref());
    }

    fn baseline(&self, xml: &mut Xml, activity: &Activity) {
        let Activity { baseline_start_on: start, baseline_finish_on: finish, baseline_duration, baseline_cost, .. } =
            activity;
        if start.is_none() && finish.is_none() && baseline_duration.is_none() && baseline_cost.is_none() {
            return;
        }
        xml.open("Baseline");
        xml.put("Number", 0);
        xml.maybe("Start", self.start(activity, *start, activity.baseline_start_time));
        xml.maybe("Finish", self.finish(activity, *finish, activity.baseline_finish_time));
        xml.maybe("Duration", self.minutes(activity, *baseline_duration).map(duration));
        xml.maybe("Cost", baseline_cost.map(hundredths));
        xml.close("Baseline");
    }

    fn link(&self, xml: &mut Xml, dependency: &Dependency) {
        let Some(uid) = self.uids.get(&dependency.predecessor_id.to_string()) else { return };
        xml.open("PredecessorLink");
        xml.put("PredecessorUID", uid);
        let kind = match dependency.relation.unwrap_or(Relation::FinishToStart) {
            Relation::FinishToFinish => 0,
            Relation::FinishToStart => 1,
            Relation::StartToFinish => 2,
            Relation::StartToStart => 3,
        };
        xml.put("Type", kind);
        xml.put("CrossProject", 0);
        let elapsed = dependency.lag_kind == Some(LagKind::Elapsed);
        let of = |id: String| self.activities.get(&id).copied();
        let successor = of(dependency.successor_id.to_string());
        let activity = successor.or_else(|| of(dependency.predecessor_id.to_string()));
        let per_day = if elapsed { 1_440 } else { self.per_day(activity) };
        let days = dependency.lag_days.map(|days| i64::from(days.get()) * per_day);
        let minutes = days.or(dependency.lag_minutes.map(|minutes| minutes.get().into())).unwrap_or_default();
        let (lag, format) = match (dependency.lag_percent, elapsed) {
            (Some(percent), false) => (percent.get().into(), 19),
            (Some(percent), true) => (percent.get().into(), 20),
            (None, false) => (minutes * 10, 7),
            (None, true) => (minutes * 10, 8),
        };
        xml.put("LinkLag", lag);
        xml.put("LagFormat", format);
        xml.close("PredecessorLink");
    }

    /// Resources by their names, and their work.
    fn resources(&self, xml: &mut Xml) {
        let names: BTreeMap<&str, usize> = {
            let all = self.plan.activities.iter().flat_map(|activity| &activity.resources);
            let sorted: std::collections::BTreeSet<&str> = all.map(|resource| resource.name.as_str()).collect();
            sorted.into_iter().zip(1..).collect()
        };
        xml.open("Resources");
        for (name, uid) in &names {
            xml.open("Resource");
            xml.put("UID", uid);
            xml.put("ID", uid);
            xml.put("Name", name);
            xml.put("Type", 1);
            xml.put("IsNull", 0);
            xml.close("Resource");
        }
        xml.close("Resources");
        xml.open("Assignments");
        let mut number = 0;
        for activity in self.plan.activities {
            let Some(task) = self.uids.get(&activity.id_text()) else { continue };
            for resource in &activity.resources {
                number += 1;
                xml.open("Assignment");
                xml.put("UID", number);
                xml.put("TaskUID", task);
                xml.maybe("ResourceUID", names.get(resource.name.as_str()));
                xml.maybe("Cost", resource.cost.map(hundredths));
                xml.put("Units", 1);
                xml.maybe("Work", resource.work_minutes.map(|minutes| duration(minutes.get().into())));
                xml.close("Assignment");
            }
        }
        xml.close("Assignments");
    }
}
